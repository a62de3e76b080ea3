import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const certificatesRole: ControllerRole = {
  name: 'certificate-controller',
  rules: [
    rule([...read, 'delete'], 'certificates.k8s.io', 'certificatesigningrequests'),
    rule(['update'], 'certificates.k8s.io', 'certificatesigningrequests/approval certificatesigningrequests/status'),
    {
      ...rule(['approve'], 'certificates.k8s.io', 'signers'),
      // Ours: the second one, which upstream leaves to other approvers.
      resourceNames: ['kubernetes.io/kube-apiserver-client-kubelet', 'kubernetes.io/kubelet-serving'],
    },
    {
      ...rule(['sign'], 'certificates.k8s.io', 'signers'),
      resourceNames: [
        'kubernetes.io/kube-apiserver-client',
        'kubernetes.io/kube-apiserver-client-kubelet',
        'kubernetes.io/kubelet-serving',
        'kubernetes.io/legacy-unknown',
      ],
    },
    rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
    ...eventRules,
  ],
};
