{{/* Fails if a value does not exist or cannot be used, and says what to write instead. Reports all of them. */}}
{{- define "sa-token-exporter.refusals" -}}
{{- $known := .Files.Get "files/known-values.yaml" | fromYaml }}
{{- $hints := .Files.Get "files/hints.yaml" | fromYaml }}
{{- $context := dict "known" $known "hints" $hints "paths" (include "sa-token-exporter.paths" (dict "known" $known "path" "") | splitList "\n") }}
{{- $found := list }}
{{- $found = append $found (include "sa-token-exporter.unknown" (dict "given" .Values "known" $known "path" "" "context" $context)) }}
{{- $schema := .Files.Get "files/schema.json" | fromJson }}
{{- $kinds := include "sa-token-exporter.kindRefusals" (dict "value" .Values "schema" $schema "path" "" "defs" (get $schema "$defs") "hints" $hints) | trim }}
{{- $found = append $found $kinds }}
{{- if not $kinds }}
{{- $found = append $found (include "sa-token-exporter.optionRefusals" (dict "root" . "context" $context)) }}
{{- $found = append $found (include "sa-token-exporter.alertRefusals" .) }}
{{- $found = append $found (include "sa-token-exporter.durationRefusals" (dict "root" . "known" $known)) }}
{{- end }}
{{- with join "\n" $found | trim }}
{{- $message := regexReplaceAll "\n+" . "\n" }}
{{- include "sa-token-exporter.refuse" $message }}
{{- end }}
{{- end }}
{{/* All paths of values, one per line. */}}
{{- define "sa-token-exporter.paths" -}}
{{- range $key, $below := .known }}
{{ $.path }}{{ $key }}
{{- if ne $key "options" }}
{{- include "sa-token-exporter.paths" (dict "known" $below "path" (printf "%s%s." $.path $key)) }}
{{- end }}
{{- end }}
{{- end }}
{{/* A name without case and punctuation, to find similar ones. */}}
{{- define "sa-token-exporter.bare" -}}
{{ regexReplaceAll "[^a-z0-9]" (lower .) "" }}
{{- end }}
{{/* The paths whose last part, or all of it, is similar to a name: equal, most of it, or misspelled. Takes a list: name, paths. */}}
{{- define "sa-token-exporter.similar" -}}
{{- $bare := first . | include "sa-token-exporter.bare" }}
{{- $equal := list }}
{{- $contained := list }}
{{- $misspelled := list }}
{{- range without (last .) "" }}
{{- $path := include "sa-token-exporter.bare" . }}
{{- $end := splitList "." . | last | include "sa-token-exporter.bare" }}
{{- $short := min (len $bare) (len $end) | int }}
{{- $long := max (len $bare) (len $end) | int }}
{{- $tail := ternary -3 -1 (gt $long 9) }}
{{- if or (eq $bare $path) (eq (trimSuffix "s" $bare) (trimSuffix "s" $end)) }}
{{- $equal = append $equal . }}
{{- else if and (gt $short 3) (ge (mul 3 $short) (mul 2 $long)) (ne $end "name") (or (contains $bare $end) (contains $end $bare)) }}
{{- $contained = append $contained . }}
{{- else if and (gt $short 3) (le (sub $long $short) 2) (eq (trunc 5 $bare) (trunc 5 $end)) (eq (trunc $tail $bare) (trunc $tail $end)) }}
{{- $misspelled = append $misspelled . }}
{{- end }}
{{- end }}
{{- $found := $equal | default $contained | default $misspelled | uniq }}
{{- if le (len $found) 5 }}
{{- join " or " $found }}
{{- end }}
{{- end }}
{{/* What to write instead of a value, by its name alone. Takes a list: path, names. */}}
{{- define "sa-token-exporter.byName" -}}
{{- $path := first . }}
{{- $found := list }}
{{- range last . }}
{{- if regexMatch (printf "(?i)%s" .match) $path }}
{{- $found = append $found .write }}
{{- end }}
{{- end }}
{{- if $found }}
{{- first $found }}
{{- end }}
{{- end }}
{{/* The options that a value, or the keys below it, names in another spelling. Takes a dict: path, value, context. */}}
{{- define "sa-token-exporter.asOptions" -}}
{{- $names := list (include "sa-token-exporter.bare" .path) }}
{{- if kindIs "map" .value }}
{{- range keys .value | sortAlpha }}
{{- $names = append $names (include "sa-token-exporter.bare" (printf "%s.%s" $.path .)) }}
{{- end }}
{{- end }}
{{- $found := list }}
{{- $managed := list }}
{{- range $option := concat (keys .context.known.options) (keys .context.hints.options) | sortAlpha }}
{{- $tail := regexReplaceAll "^[^.]*\\." $option "" }}
{{- /* One word, such as mode, has other meanings in other charts. */}}
{{- $isNamed := and (ne $tail $option) (has (include "sa-token-exporter.bare" $option) $names) }}
{{- if or $isNamed (and (contains "-" $tail) (has (include "sa-token-exporter.bare" $tail) $names)) }}
{{- if hasKey $.context.hints.options $option }}
{{- $managed = append $managed (get $.context.hints.options $option) }}
{{- else }}
{{- $found = append $found (printf "%s: ..." $option) }}
{{- end }}
{{- end }}
{{- end }}
{{- if $found }}
{{- $managed = prepend $managed (printf "write options: {%s}" (join ", " $found)) }}
{{- end }}
{{- join "; " $managed }}
{{- end }}
{{/* Values that do not exist, one per line. Takes a dict: given, known, path, context. */}}
{{- define "sa-token-exporter.unknown" -}}
{{- range $key, $value := .given }}
{{- $path := printf "%s%s" $.path $key }}
{{- $below := get $.known $key }}
{{- if not (hasKey $.known $key) }}
{{- $hint := get $.context.hints.values $path }}
{{- if has $.path (list "podMonitor." "serviceMonitor.") }}
{{- $hint = get $.context.hints.monitors $key | default $hint }}
{{- end }}
{{- $hint = $hint | default (include "sa-token-exporter.asOptions" (dict "path" $path "value" $value "context" $.context)) }}
{{- $siblings := list }}
{{- range keys $.known | sortAlpha }}
{{- $siblings = append $siblings (printf "%s%s" $.path .) }}
{{- end }}
{{- $similar := include "sa-token-exporter.similar" (list $key $siblings) }}
{{- $hint = $hint | default (ternary (printf "did you mean %s?" $similar) "" (ne $similar "")) | default (include "sa-token-exporter.byName" (list $path $.context.hints.names)) }}
{{- $similar = include "sa-token-exporter.similar" (list $key $.context.paths) }}
{{- $hint = $hint | default (ternary (printf "did you mean %s?" $similar) "" (ne $similar "")) }}
{{ $path }}: unknown value; {{ $hint | default "the chart has nothing like it; remove it (`helm show values` lists what exists)" }}
{{- else if and (kindIs "map" $value) $below (ne $path "options") }}
{{- include "sa-token-exporter.unknown" (dict "given" $value "known" $below "path" (printf "%s." $path) "context" $.context) }}
{{- end }}
{{- end }}
{{- end }}
{{/* Options that do not exist, or that the chart sets, in any of the three places. Takes a dict: root, context. */}}
{{- define "sa-token-exporter.optionRefusals" -}}
{{- $known := .context.known.options }}
{{- $managed := .context.hints.options }}
{{- range $name, $value := .root.Values.options }}
{{- if hasKey $managed $name }}
options.{{ $name }}: {{ get $managed $name }}
{{- else if kindIs "map" $value }}
options.{{ $name }}: an option is one key: {"{{ $name }}.{{ keys $value | sortAlpha | first }}": ...}; with --set, escape its dots: --set options.{{ $name }}\.{{ keys $value | sortAlpha | first }}=...
{{- else if not (hasKey $known $name) }}
{{- $similar := include "sa-token-exporter.similar" (list (trimPrefix "no-" (trimAll "-" $name)) (keys $known | sortAlpha)) }}
options.{{ $name }}: unknown option; {{ with $similar }}did you mean {{ . }}?{{ else }}{{ include "sa-token-exporter.byName" (list $name $.context.hints.names) | default "`sa-token-exporter --help` lists those that exist" }}{{ end }}
{{- end }}
{{- end }}
{{- range .root.Values.extraArgs }}
{{- $name := regexReplaceAll "=.*" . "" | trimPrefix "--" | trimPrefix "no-" }}
{{- if hasKey $managed $name }}
extraArgs: --{{ $name }}: {{ get $managed $name }}
{{- else if not (hasPrefix "--" .) }}
extraArgs: {{ . }}: an argument starts with two dashes; the command is always serve
{{- else if hasKey $.root.Values.options $name }}
extraArgs: --{{ $name }}: is also in options; remove one
{{- end }}
{{- end }}
{{- range .root.Values.extraEnv }}
{{- if hasPrefix "SATOKEN_" .name }}
extraEnv: {{ .name }}: write the option under options: {{ include "sa-token-exporter.similar" (list (trimPrefix "SATOKEN_" .name) (concat (keys $known) (keys $managed) | sortAlpha)) | default "see `helm show values`" }}
{{- end }}
{{- end }}
{{- end }}
{{/* A number where a duration is expected. Takes a list: path, value. */}}
{{- define "sa-token-exporter.durationRefusal" -}}
{{- $value := last . }}
{{- if not (or (kindIs "string" $value) (kindIs "invalid" $value)) }}
{{ first . }}: a duration has a unit; write for example {{ $value }}s
{{- end }}
{{- end }}
{{/* Durations without a unit. Takes a dict: root, known. */}}
{{- define "sa-token-exporter.durationRefusals" -}}
{{- range $name, $value := .root.Values.options }}
{{- if eq (toString (get $.known.options $name)) "duration" }}
{{- include "sa-token-exporter.durationRefusal" (list (printf "options.%s" $name) $value) }}
{{- end }}
{{- end }}
{{- range $kind := list "podMonitor" "serviceMonitor" }}
{{- range list "interval" "scrapeTimeout" }}
{{- include "sa-token-exporter.durationRefusal" (list (printf "%s.%s" $kind .) (get (get $.root.Values $kind) .)) }}
{{- end }}
{{- end }}
{{- range $name, $change := .root.Values.prometheusRule.alerts }}
{{- range $severity, $one := dict "" $change ".critical" $change.critical ".warning" $change.warning }}
{{- include "sa-token-exporter.durationRefusal" (list (printf "prometheusRule.alerts.%s%s.for" $name $severity) (get ($one | default dict) "for" | default nil)) }}
{{- end }}
{{- end }}
{{- end }}
{{/* Fails, also in helm lint, which ignores `fail` but not a template that does not exist. Takes the messages. */}}
{{- define "sa-token-exporter.refuse" -}}
{{- fail (printf "invalid values:\n%s" .) }}
{{- include "invalid values, see above" . }}
{{- end }}
{{/* Changes to alerts that do not exist, or that do not say which of two severities they are for. */}}
{{- define "sa-token-exporter.alertRefusals" -}}
{{- $severities := dict }}
{{- range (.Files.Get "files/rules.yaml" | fromYaml).groups }}
{{- range .rules }}
{{- if .alert }}
{{- $_ := set $severities .alert (append (get $severities .alert | default list) .labels.severity) }}
{{- end }}
{{- end }}
{{- end }}
{{- $short := list }}
{{- range keys $severities | sortAlpha }}
{{- $short = append $short (trimPrefix "SAToken" .) }}
{{- end }}
{{- range $name, $change := .Values.prometheusRule.alerts }}
{{- $has := get $severities $name | default list }}
{{- if not $has }}
prometheusRule.alerts.{{ $name }}: unknown alert; {{ with include "sa-token-exporter.similar" (list (trimPrefix "SAToken" $name) $short) }}did you mean {{ regexReplaceAll "([A-Z][A-Za-z]+)" . "SAToken${1}" }}?{{ else }}docs/alerts.md lists those that exist{{ end }}
{{- else if and (gt (len $has) 1) $change.severity }}
prometheusRule.alerts.{{ $name }}.severity: the alert has two; write {{ $name }}: {{ "{" }}{{ first $has }}: {severity: {{ $change.severity }}}}
{{- end }}
{{- range list "critical" "warning" }}
{{- if and $has (hasKey $change .) (not (has . $has)) }}
prometheusRule.alerts.{{ $name }}.{{ . }}: the alert is {{ first $has }}; write the change directly below {{ $name }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
