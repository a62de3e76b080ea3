apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-before
  annotations: { helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation }
spec:
  template:
    spec: { restartPolicy: Never, containers: [{ name: before, image: 'busybox:1.36' }] }
---
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: "before-hook-creation,hook-succeeded"
spec: { restartPolicy: Never, containers: [{ name: test, image: 'busybox:1.36' }] }
