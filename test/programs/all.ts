/** In the order of the README's matrix. */
import { controllerRuntime } from './controller-runtime/program.ts';
import { coredns } from './coredns/program.ts';
import { daskKubernetes } from './dask-kubernetes/program.ts';
import { descheduler } from './descheduler/program.ts';
import { etcd } from './etcd/program.ts';
import { helm } from './helm/program.ts';
import { jobset } from './jobset/program.ts';
import { kopf } from './kopf/program.ts';
import { kubecolor } from './kubecolor/program.ts';
import { kubectx } from './kubectx/program.ts';
import { kubetail } from './kubetail/program.ts';
import { kustomize } from './kustomize/program.ts';
import { kwok } from './kwok/program.ts';
import { localPathProvisioner } from './local-path-provisioner/program.ts';
import { metricsServer } from './metrics-server/program.ts';
import { nodeExporter } from './node-exporter/program.ts';
import { patroni } from './patroni/program.ts';
import { prometheus } from './prometheus/program.ts';
import { sealedSecrets } from './sealed-secrets/program.ts';
import { stern } from './stern/program.ts';
import { verticalPodAutoscaler } from './vertical-pod-autoscaler/program.ts';
import type { Program } from './program.ts';

export const programs: readonly Program[] = [
  coredns,
  metricsServer,
  verticalPodAutoscaler,
  prometheus,
  nodeExporter,
  descheduler,
  sealedSecrets,
  controllerRuntime,
  jobset,
  kwok,
  kopf,
  daskKubernetes,
  localPathProvisioner,
  etcd,
  patroni,
  helm,
  kustomize,
  stern,
  kubectx,
  kubecolor,
  kubetail,
];
