{{/* Whether the values of a monitor say how Prometheus shows who it is. */}}
{{- define "exporter.hasCredentials" -}}
{{ if or .scrapeClass .endpoint.authorization .endpoint.oauth2 }}true{{ end }}
{{- end }}
{{/* What both kinds of monitors have in their labels. */}}
{{- define "exporter.monitorLabels" -}}
{{ include "exporter.labels" .root }}
{{- with .monitor.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{/* How both kinds of monitors ask. Namespace and pod in a series are those of the token's pod, not of the exporter's. */}}
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
