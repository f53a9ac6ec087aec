{{/* Values that are each as they should be, and cannot be meant together: all of them at once. */}}
{{- define "exporter.contradictions" -}}
{{- $found := list }}
{{- if and .Values.podMonitor.enabled .Values.serviceMonitor.enabled }}
{{- $found = append $found "podMonitor.enabled and serviceMonitor.enabled: every pod would be scraped twice; enable one of them" }}
{{- end }}
{{- if and .Values.web.kubernetesAuth .Values.podMonitor.enabled (not (include "exporter.hasCredentials" .Values.podMonitor)) }}
{{- $found = append $found "podMonitor: cannot send the token of Prometheus' own account, which web.kubernetesAuth asks for; enable serviceMonitor instead, or set podMonitor.scrapeClass or podMonitor.endpoint.authorization" }}
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
{{- $found = append $found (printf "%s.endpoint: %s exclude each other, Prometheus takes one" $kind (join " and " $ways)) }}
{{- end }}
{{- if and $.Values.web.kubernetesAuth $monitor.enabled (has "basicAuth" $ways) }}
{{- $found = append $found (printf "%s.endpoint.basicAuth: web.kubernetesAuth asks for the token of an account, not for a password; take one of them out" $kind) }}
{{- end }}
{{- end }}
{{- with $found }}
{{- fail (join "\n" .) }}
{{- end }}
{{- end }}
