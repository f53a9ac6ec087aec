{{/* The service accounts of Prometheus, as subjects of a binding. */}}
{{- define "sa-token-exporter.scrapers" -}}
{{- range .Values.scrapers }}
- kind: ServiceAccount
  name: {{ quote .serviceAccount }}
  namespace: {{ quote .namespace }}
{{- end }}
{{- end }}
{{/* Whether a monitor's values set the credentials that Prometheus sends. */}}
{{- define "sa-token-exporter.hasCredentials" -}}
{{ if or .scrapeClass .endpoint.authorization .endpoint.oauth2 }}true{{ end }}
{{- end }}
{{/* The metadata of both kinds of monitors. Takes a dict: root, monitor. */}}
{{- define "sa-token-exporter.monitorMetadata" -}}
{{- $namespace := .monitor.namespace | default (include "sa-token-exporter.namespace" .root) }}
{{- include "sa-token-exporter.metadata" (dict "root" .root "namespace" $namespace "labels" .monitor.labels "annotations" .monitor.annotations) }}
{{- end }}
{{/* The fields of the spec that both kinds have. */}}
{{- define "sa-token-exporter.monitorSpec" -}}
{{- $own := include "sa-token-exporter.namespace" .root }}
{{- with .monitor.scrapeClass }}
scrapeClass: {{ quote . }}
{{- end }}
{{- with .monitor.jobLabel }}
jobLabel: {{ quote . }}
{{- end }}
{{- with .monitor.podTargetLabels }}
podTargetLabels:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .monitor.attachMetadata }}
attachMetadata:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $field := list "sampleLimit" "targetLimit" "labelLimit" "labelNameLengthLimit" "labelValueLengthLimit" }}
{{- with get $.monitor $field }}
{{ $field }}: {{ int64 . }}
{{- end }}
{{- end }}
{{- if ne $own (.monitor.namespace | default $own) }}
namespaceSelector:
  matchNames: [{{ quote $own }}]
{{- end }}
selector:
  matchLabels:
    {{- include "sa-token-exporter.selector" .root | nindent 4 }}
{{- end }}
{{/* The endpoint of both kinds. The labels namespace and pod of a series are those of the token, so they are honored. */}}
{{- define "sa-token-exporter.endpoint" -}}
port: metrics
{{- $path := include "sa-token-exporter.metricsPath" .root }}
{{- if ne $path "/metrics" }}
path: {{ quote $path }}
{{- end }}
honorLabels: true
{{- range $field := list "interval" "scrapeTimeout" "proxyUrl" }}
{{- with get $.monitor $field }}
{{ $field }}: {{ quote . }}
{{- end }}
{{- end }}
{{- with .monitor.endpoint }}
{{- toYaml . | nindent 0 }}
{{- end }}
relabelings:
  - sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: node
    action: replace
  {{- with .monitor.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .monitor.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
