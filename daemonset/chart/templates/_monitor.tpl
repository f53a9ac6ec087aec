{{/* Whether a monitor's values set the credentials that Prometheus sends. */}}
{{- define "exporter.hasCredentials" -}}
{{ if or .scrapeClass .endpoint.authorization .endpoint.oauth2 }}true{{ end }}
{{- end }}
{{/* The labels of both kinds of monitors. */}}
{{- define "exporter.monitorLabels" -}}
{{ include "exporter.labels" .root }}
{{- with .monitor.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{/* The endpoint of both kinds of monitors. The labels namespace and pod of a series are those of the token, so they are honored. */}}
{{- define "exporter.endpoint" -}}
port: metrics
{{- $path := include "exporter.metricsPath" .root }}
{{- if ne $path "/metrics" }}
path: {{ quote $path }}
{{- end }}
honorLabels: true
{{- with .monitor.interval }}
interval: {{ . }}
{{- end }}
{{- with .monitor.endpoint }}
{{ toYaml . }}
{{- end }}
relabelings:
  - sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: node
{{- end }}
