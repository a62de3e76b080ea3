apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-before
  annotations: { helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation }
spec:
  template:
    metadata: { annotations: { simulated.hibernetes.dev/end-after-seconds: "0" } }
    spec: { restartPolicy: Never, containers: [{ name: before, image: busybox }] }
---
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: "before-hook-creation,hook-succeeded"
    simulated.hibernetes.dev/end-after-seconds: "0"
spec: { restartPolicy: Never, containers: [{ name: test, image: busybox }] }
