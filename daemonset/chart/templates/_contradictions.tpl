{{/* Fails with all combinations of values that contradict each other. */}}
{{- define "exporter.contradictions" -}}
{{- $found := list }}
{{- if and .Values.podMonitor.enabled .Values.serviceMonitor.enabled }}
{{- $found = append $found "podMonitor.enabled and serviceMonitor.enabled: every pod would be scraped twice; enable only one of them" }}
{{- end }}
{{- if and .Values.web.kubernetesAuth .Values.podMonitor.enabled (not (include "exporter.hasCredentials" .Values.podMonitor)) }}
{{- $found = append $found "podMonitor: cannot send the service account token of Prometheus, which web.kubernetesAuth requires; enable serviceMonitor instead, or set podMonitor.scrapeClass or podMonitor.endpoint.authorization" }}
{{- end }}
{{- range $kind := list "podMonitor" "serviceMonitor" }}
{{- $monitor := get $.Values $kind }}
{{- $ways := list }}
{{- range list "authorization" "basicAuth" "oauth2" }}
{{- if get $monitor.endpoint . }}
{{- $ways = append $ways . }}
{{- end }}
{{- end }}
{{- if gt (len $ways) 1 }}
{{- $found = append $found (printf "%s.endpoint: %s are mutually exclusive; set only one of them" $kind (join " and " $ways)) }}
{{- end }}
{{- if and $.Values.web.kubernetesAuth $monitor.enabled (has "basicAuth" $ways) }}
{{- $found = append $found (printf "%s.endpoint.basicAuth: web.kubernetesAuth requires a service account token, not a password; remove one of them" $kind) }}
{{- end }}
{{- end }}
{{- with $found }}
{{- fail (join "\n" .) }}
{{- end }}
{{- end }}
