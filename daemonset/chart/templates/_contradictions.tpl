{{/* Fails if values contradict each other; reports all such combinations. */}}
{{- define "exporter.contradictions" -}}
{{- $found := list }}
{{- if and .Values.podMonitor.enabled .Values.serviceMonitor.enabled }}
{{- $found = append $found "podMonitor.enabled and serviceMonitor.enabled are mutually exclusive: every pod would be scraped twice; disable one" }}
{{- end }}
{{- if and .Values.web.kubernetesAuth .Values.podMonitor.enabled (not (include "exporter.hasCredentials" .Values.podMonitor)) }}
{{- $found = append $found "podMonitor: sends no token, which web.kubernetesAuth requires; enable serviceMonitor instead, or set podMonitor.scrapeClass or podMonitor.endpoint.authorization" }}
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
{{- $found = append $found (printf "%s.endpoint: %s are mutually exclusive; remove all but one" $kind (join " and " $ways)) }}
{{- end }}
{{- if and $.Values.web.kubernetesAuth $monitor.enabled (has "basicAuth" $ways) }}
{{- $found = append $found (printf "%s.endpoint.basicAuth: mutually exclusive with web.kubernetesAuth, which requires a token instead of a password; remove one" $kind) }}
{{- end }}
{{- end }}
{{- with $found }}
{{- fail (join "\n" .) }}
{{- end }}
{{- end }}
