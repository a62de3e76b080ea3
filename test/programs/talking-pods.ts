/** Pods of two containers that print their names each second, for programs that follow logs. */
export const talkingPods = (id: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${id} }
spec:
  replicas: 2
  selector: { matchLabels: { app: ${id} } }
  template:
    metadata: { labels: { app: ${id} } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - { name: left, image: 'busybox:1.36', command: [sh, -c, 'while true; do echo left of $HOSTNAME; sleep 1; done'] }
      - { name: right, image: 'busybox:1.36', command: [sh, -c, 'while true; do echo right of $HOSTNAME; sleep 1; done'] }
`;

/** Whether the output has a line of each container of each pod, given the pods' names. */
export const allTalked = (output: string, pods: readonly string[]): boolean =>
  pods.length === 2 && pods.every((pod) => ['left', 'right'].every((container) => output.includes(`${container} of ${pod}`)));
