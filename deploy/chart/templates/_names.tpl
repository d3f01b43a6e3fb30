{{/* The release's name, with the chart's where that does not say it. */}}
{{- define "yourticket.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* What selects the pods of a component: (root, component). */}}
{{- define "yourticket.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of every object: (root, component). */}}
{{- define "yourticket.labels" -}}
{{ include "yourticket.selector" . }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* The image: (root, tag, digest). Without tag and digest it is the release's own. */}}
{{- define "yourticket.image" -}}
{{- $own := .root.Values.image }}
{{- $digest := .digest }}
{{- if and (not .tag) (not .digest) }}{{ $digest = $own.digest }}{{ end }}
{{- if $digest }}{{ $own.repository }}@{{ $digest }}
{{- else }}{{ $own.repository }}:{{ .tag | default $own.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* What this release's code is called in Worker Versioning. */}}
{{- define "yourticket.buildId" -}}
{{- .Values.workers.buildId | default .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The services with their defaults, those that are not enabled left out. */}}
{{- define "yourticket.services" -}}
{{- $all := dict }}
{{- range $name, $own := .Values.services }}
{{- $s := mergeOverwrite (deepCopy $.Values.serviceDefaults) (deepCopy ($own | default dict)) }}
{{- if not $s.serves }}{{ $_ := set $s "serves" (list $name) }}{{ end }}
{{- if $s.enabled }}{{ $_ := set $all $name $s }}{{ end }}
{{- end }}
{{- toYaml $all }}
{{- end }}

{{/* The fleets likewise. */}}
{{- define "yourticket.fleets" -}}
{{- $all := dict }}
{{- range $name, $own := .Values.fleets }}
{{- $f := mergeOverwrite (deepCopy $.Values.fleetDefaults) (deepCopy ($own | default dict)) }}
{{- if not $f.runs }}{{ $_ := set $f "runs" (list $name) }}{{ end }}
{{- if $f.enabled }}{{ $_ := set $all $name $f }}{{ end }}
{{- end }}
{{- toYaml $all }}
{{- end }}

{{/* The deployments of fleets: what is pinned has one for this build and for each
     build before, since a purchase ends on the build that it began on. */}}
{{- define "yourticket.workers" -}}
{{- $out := list }}
{{- range $name, $f := include "yourticket.fleets" . | fromYaml }}
{{- $current := dict "fleetName" $name "component" (printf "worker-%s" $name) "fleet" $f "buildId" (include "yourticket.buildId" $ | toString) "tag" "" "digest" "" "old" false }}
{{- $_ := set $current "name" (printf "%s-worker-%s" (include "yourticket.fullname" $) $name) }}
{{- if $f.pinned }}
{{- $_ := set $current "name" (printf "%s-%s" $current.name (include "yourticket.dns" $current.buildId)) }}
{{- range $.Values.workers.previous }}
{{- $id := .buildId | default .tag | toString }}
{{- if eq $id $current.buildId }}{{ fail (printf "workers.previous names the build %s, which is this release's own" $id) }}{{ end }}
{{- $out = append $out (dict "fleetName" $name "component" (printf "worker-%s" $name) "fleet" $f "buildId" $id "tag" .tag "digest" .digest "old" true
    "name" (printf "%s-worker-%s-%s" (include "yourticket.fullname" $) $name (include "yourticket.dns" $id))) }}
{{- end }}
{{- end }}
{{- $out = append $out $current }}
{{- end }}
{{- toYaml (dict "list" $out) }}
{{- end }}

{{/* A build id as a part of a name. */}}
{{- define "yourticket.dns" -}}
{{- regexReplaceAll "[^a-z0-9-]+" (lower .) "-" | trunc 20 | trimAll "-" }}
{{- end }}
