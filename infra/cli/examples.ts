/** What `up` suggests to try. The images that they name are among the sample images. */
export const examples: readonly string[] = [
  'kubectl get nodes',
  'kubectl create deployment web --image=nginx/nginx:v1 --replicas=4',
  'kubectl get pods -o wide',
];
