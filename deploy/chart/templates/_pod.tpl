{{/*
The template of every pod: (root, component, args, env, envFrom, port, probes,
resources, grace, drain, buildId, tag, digest). Nobody runs as root, writes to
the image's file system or gets the cluster's credentials.

A pod that is to go first keeps answering for `drain` seconds, so that whoever
sends requests to it has heard of it; `grace` bounds that and the process's own
draining.
*/}}
{{- define "yourticket.pod" -}}
{{- $root := .root -}}
metadata:
  labels:
    {{- /* No version: a build before must not start anew because of the next. */}}
    {{- include "yourticket.selector" . | nindent 4 }}
    {{- if not .hook }}
    {{- /* What Prometheus calls the job; the rules of deploy/observability know it. */}}
    yourticket.example/job: yourticket-{{ first .args }}
    {{- end }}
    {{- if .buildId }}
    yourticket.example/build: {{ .buildId | quote }}
    {{- end }}
    {{- if $root.Values.fargate.enabled }}
    yourticket.example/compute: fargate
    {{- end }}
    {{- with $root.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "yourticket.config" $root | sha256sum | trunc 16 | quote }}
    {{- if and .port (not (has (first .args) (list "codec" "sandbox"))) }}
    prometheus.io/scrape: "true"
    prometheus.io/port: {{ .port | quote }}
    {{- end }}
    {{- with $root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ .hook | ternary "default" (include "yourticket.fullname" $root) }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .grace | default 30 }}
  {{- if .hook }}
  restartPolicy: Never
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile: {type: RuntimeDefault}
  {{- with $root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with $root.Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if not .hook }}
  topologySpreadConstraints:
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: {{ $root.Values.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels: {{- include "yourticket.selector" $ | nindent 10 }}
    {{- end }}
  {{- end }}
  containers:
    - name: yourticket
      image: {{ include "yourticket.image" . }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: {{- toYaml .args | nindent 8 }}
      {{- with .envFrom }}
      envFrom: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .env }}
      env: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if .port }}
      ports:
        - {name: http, containerPort: {{ .port }}}
      {{- end }}
      {{- with .probes }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- if .drain }}
      lifecycle:
        preStop:
          sleep: {seconds: {{ .drain }}}
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      resources: {{- toYaml .resources | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
{{- end }}

{{/* Variables that no secret is, and all secrets: what api and worker get. */}}
{{- define "yourticket.envFrom" -}}
- configMapRef: {name: {{ include "yourticket.fullname" . }}}
- secretRef: {name: {{ .Values.secrets.existingSecret }}}
{{- end }}

{{/* Single secrets, for those that need no others: (root, names); those after
     the first may be missing. */}}
{{- define "yourticket.secretEnv" -}}
{{- range $i, $name := .names }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: {name: {{ $.root.Values.secrets.existingSecret }}, key: {{ $name }}, optional: {{ gt $i 0 }}}
{{- end }}
{{- end }}

{{/* What the ConfigMap holds. */}}
{{- define "yourticket.config" -}}
{{- $all := deepCopy .Values.config }}
{{- if .Values.sandbox.enabled }}
{{- $url := printf "http://%s-sandbox:8090" (include "yourticket.fullname" .) }}
{{- $all = merge $all (dict "STRIPE_API_URL" $url "PAYPAL_API_URL" $url) }}
{{- end }}
{{- range $name, $value := $all }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}
