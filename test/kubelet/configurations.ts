/** The configuration files of upstream's kubelet and kube-proxy on a node of the test. */
import { join } from 'node:path';
import type { Host } from '../../infra/local/hosts/host.ts';

/** Source: kubelet, config/v1beta1/types.go */
export const kubeletConfiguration = (
  { address, cgroupParent }: Host,
  { directory, containerd }: { readonly directory: string; readonly containerd: string },
): object => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  failCgroupV1: false,
  failSwapOn: false,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: cgroupParent,
  // A machine may itself be a container that must not make anything less likely to be killed.
  oomScoreAdj: 0,
  address,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: join(directory, 'ca.crt') },
  },
  authorization: { mode: 'Webhook' },
  serverTLSBootstrap: true,
  rotateCertificates: true,
  containerRuntimeEndpoint: `unix://${containerd}`,
  staticPodPath: join(directory, 'manifests'),
  podLogsDir: join(directory, 'logs'),
  resolvConf: '/etc/resolv.conf',
  // The disk is the machine's, which others fill.
  evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
});

/** Source: kube-proxy, config/v1alpha1/types.go */
export const kubeProxyConfiguration = (
  { address }: Host,
  { kubeconfig, podCidr, name }: { readonly kubeconfig: string; readonly podCidr: string; readonly name: string },
): object => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  clientConnection: { kubeconfig },
  clusterCIDR: podCidr,
  hostnameOverride: name,
  bindAddress: address,
  // The table of connections is the machine's: its size is not this node's to set.
  conntrack: { maxPerCore: 0, min: 0 },
});
