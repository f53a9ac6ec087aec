{{/* The value of the label app.kubernetes.io/name. */}}
{{- define "sa-token-exporter.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{/* The name of the DaemonSet, and the prefix of all others. Two releases have different ones. */}}
{{- define "sa-token-exporter.fullname" -}}
{{- $name := include "sa-token-exporter.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- define "sa-token-exporter.namespace" -}}
{{ .Values.namespaceOverride | default .Release.Namespace }}
{{- end }}
{{/* The name of an object without a namespace. Takes a list: root, suffix. Releases of one name in two namespaces have different ones. */}}
{{- define "sa-token-exporter.clusterName" -}}
{{- $full := include "sa-token-exporter.fullname" (first .) }}
{{- $namespace := include "sa-token-exporter.namespace" (first .) }}
{{- $full }}{{ last . }}{{ if ne $namespace $full }}.{{ $namespace }}{{ end }}
{{- end }}
{{- define "sa-token-exporter.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "sa-token-exporter.fullname" .) }}
{{- end }}
{{/* The pod selector, which is immutable. */}}
{{- define "sa-token-exporter.selector" -}}
app.kubernetes.io/name: {{ include "sa-token-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{/* The labels that every object has. */}}
{{- define "sa-token-exporter.labels" -}}
{{ include "sa-token-exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}
{{/* The metadata of an object. Takes a dict: root, suffix or name, namespace, labels, annotations, own (labels that replace those of the chart). */}}
{{- define "sa-token-exporter.metadata" -}}
{{- $own := merge (.own | default dict) (include "sa-token-exporter.labels" .root | fromYaml) }}
{{- $labels := merge $own (.labels | default dict) .root.Values.commonLabels }}
{{- $annotations := merge (dict) (.annotations | default dict) .root.Values.commonAnnotations -}}
name: {{ .name | default (printf "%s%s" (include "sa-token-exporter.fullname" .root) (.suffix | default "")) }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{/* The same for an object in the namespace of the exporter. */}}
{{- define "sa-token-exporter.namespacedMetadata" -}}
{{- include "sa-token-exporter.metadata" (merge (dict "namespace" (include "sa-token-exporter.namespace" .root)) .) }}
{{- end }}
{{/* The same for an object without a namespace. */}}
{{- define "sa-token-exporter.clusterMetadata" -}}
{{- $name := include "sa-token-exporter.clusterName" (list .root (.suffix | default "")) }}
{{- include "sa-token-exporter.metadata" (merge (dict "name" $name) .) }}
{{- end }}
{{/* Whether the metrics port requires authentication. Probes then use a separate port. */}}
{{- define "sa-token-exporter.hasAuthentication" -}}
{{ if or .Values.web.kubernetesAuth .Values.web.configSecrets }}true{{ end }}
{{- end }}
{{/* Whether the exporter uses the API server, for tokens or for authentication. */}}
{{- define "sa-token-exporter.usesApiServer" -}}
{{ if or .Values.cluster.enabled .Values.web.kubernetesAuth }}true{{ end }}
{{- end }}
{{/* An option as an environment variable. Takes a list: name, value. YAML reads `off` as false. */}}
{{- define "sa-token-exporter.option" -}}
{{- $value := last . | toString }}
{{- if and (eq (first .) "cluster.token-review") (eq $value "false") }}{{ $value = "off" }}{{ end -}}
- name: SATOKEN_{{ first . | replace "." "_" | replace "-" "_" | upper }}
  value: {{ $value | quote }}
{{- end }}
{{/* Whether an option that is on by default is on. Takes a list: root, name. */}}
{{- define "sa-token-exporter.isOn" -}}
{{ if not (has (toString (get (first .).Values.options (last .))) (list "false" "off")) }}true{{ end }}
{{- end }}
{{- define "sa-token-exporter.metricsPath" -}}
{{ get .Values.options "web.telemetry-path" | default "/metrics" }}
{{- end }}
{{/* The image. A registry replaces the one in the repository: its first part, if that is a host name. */}}
{{- define "sa-token-exporter.image" -}}
{{- $image := .Values.image }}
{{- $repository := $image.repository }}
{{- with ((.Values.global).imageRegistry) | default $image.registry }}
{{- $parts := splitList "/" $repository }}
{{- if and (gt (len $parts) 1) (regexMatch "[.:]|^localhost$" (first $parts)) }}
{{- $repository = rest $parts | join "/" }}
{{- end }}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}
{{- end }}
{{- $repository }}{{ with $image.digest }}@{{ . }}{{ else }}:{{ $image.tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{/* Pull secrets as objects. */}}
{{- define "sa-token-exporter.pullSecrets" -}}
{{- range concat .Values.imagePullSecrets ((.Values.global).imagePullSecrets | default list) | uniq }}
- name: {{ if kindIs "string" . }}{{ . }}{{ else }}{{ .name }}{{ end }}
{{- end }}
{{- end }}
{{/* The content of the file with the audience rules. */}}
{{- define "sa-token-exporter.audienceRules" -}}
rules:
  {{- toYaml .Values.audience.rules | nindent 2 }}
{{- end }}
{{/* A probe. Takes a list: path, port, timing. */}}
{{- define "sa-token-exporter.probe" -}}
httpGet:
  path: {{ first . }}
  port: {{ index . 1 }}
  scheme: HTTP
{{- toYaml (last .) | nindent 0 }}
{{- end }}
