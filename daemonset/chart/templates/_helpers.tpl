{{/* What selects the pods; never changes. */}}
{{- define "exporter.selector" -}}
app.kubernetes.io/name: sa-token-exporter
{{- end }}
{{/* What every object carries. */}}
{{- define "exporter.labels" -}}
{{ include "exporter.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
{{- define "exporter.image" -}}
{{ .Values.image.repository }}{{ with .Values.image.digest }}@{{ . }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}
