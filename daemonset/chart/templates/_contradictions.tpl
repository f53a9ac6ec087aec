{{/* Fails if values contradict each other; reports all such combinations. */}}
{{- define "sa-token-exporter.contradictions" -}}
{{- $found := list }}
{{- if and .Values.podMonitor.enabled .Values.serviceMonitor.enabled }}
{{- $found = append $found "podMonitor.enabled and serviceMonitor.enabled are mutually exclusive: every pod would be scraped twice; disable one" }}
{{- end }}
{{- if and .Values.web.kubernetesAuth .Values.podMonitor.enabled (not (include "sa-token-exporter.hasCredentials" .Values.podMonitor)) }}
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
{{- if not (or .Values.serviceAccount.create .Values.serviceAccount.name) }}
{{- $found = append $found "serviceAccount.create is false: set serviceAccount.name to the account that exists" }}
{{- end }}
{{- if and .Values.audience.rules (get .Values.options "audience.expect") }}
{{- $found = append $found "audience.rules and options.audience.expect are mutually exclusive: the chart mounts a file with the rules; remove one" }}
{{- end }}
{{- if and .Values.resourceQuota.enabled (not .Values.priorityClassName) }}
{{- $found = append $found "resourceQuota.enabled: a quota is for pods with a priority class; set priorityClassName or disable it" }}
{{- end }}
{{- if and .Values.prometheusRule.enabled (eq (include "sa-token-exporter.job" .) "") }}
{{- $found = append $found "prometheusRule.job: required, because the chart does not know the value of the jobLabel of the monitor" }}
{{- end }}
{{- range .Values.extraVolumes }}
{{- if has .name (list "web" "audiences" "pods" "canary") }}
{{- $found = append $found (printf "extraVolumes: the chart has a volume %s; choose another name" .name) }}
{{- end }}
{{- end }}
{{- with $found }}
{{- include "sa-token-exporter.refuse" (join "\n" .) }}
{{- end }}
{{- end }}
