/**
 * Nodes of upstream's kubelet. It polls nothing: the API dials it and the pods beside it, as kube-apiserver does, and so must
 * reach their addresses. A kubelet's certificate must be of the cluster's authority and name the node's address.
 * Source: pkg/kubelet/client/kubelet_client.go
 */
import type { Duplex } from 'node:stream';
import type { CertificatePair } from '../../client/certificates.ts';
import type { Node } from '../../kube/generated/types.ts';
import { isOfHibernetes } from '../../kube/kubernetes-version.ts';
import { groupResource, nodes } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';
import { readObject } from '../../kube/unreadable-object.ts';
import type { View } from '../../kube/view.ts';
import { dial } from '../../tunnel/dial.ts';
import type { Clock } from '../../world.ts';
import type { ConnectTarget } from '../ports.ts';
import { proxied } from '../proxy/proxy.ts';
import { proxiedAnswer } from '../proxy/proxied-answer.ts';
import { createHttpOverTunnel, secured, type TunnelTls } from '../tunnel/http-over-tunnel.ts';
import type { TunnelEnd, Tunnels } from '../tunnel/tunnels.ts';
import { isSet, kubeletPath, type PodRequest } from './pod-request.ts';
import { requireSuccess } from './refusal.ts';

export interface Kubelets extends Tunnels {
  /** False for nodes of our agent, and for those that have reported nothing yet. */
  run(nodeName: string): boolean;
  /** A container's log. Throws a StatusError with the reason that the kubelet gives instead. */
  log(nodeName: string, asked: PodRequest, signal: AbortSignal): Promise<Response>;
  /** Joins the client's connection with one to the kubelet. */
  join(nodeName: string, asked: PodRequest, client: { readonly request: Request } & ConnectTarget): Promise<Response>;
}

export interface KubeletsOptions {
  readonly view: () => View;
  readonly clock: Pick<Clock, 'after'>;
  /** Signs the kubelets' certificates. */
  readonly authorityPem: string;
  /** What the API shows kubelets. */
  readonly certificate: CertificatePair;
}

const portDefault = 10_250;
/** A kubelet must not choose how a browser shows its log on the API's origin. */
const logHeaders = { 'content-type': 'text/plain', 'cache-control': 'no-cache, private' };

/** One aborted request must not end a connection that is kept for others. */
async function dialled(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  const connecting = new AbortController();
  const leave = (): void => connecting.abort();
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await dial(host, port, connecting.signal);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

function addressOf(node: Node): { readonly host: string; readonly port: number } {
  const host = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  if (host === undefined) throw new StatusError(500, '', `no preferred addresses found; known addresses: []`);
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
  return { host, port: port > 0 ? port : portDefault };
}

export function createKubelets({ view, clock, authorityPem, certificate }: KubeletsOptions): Kubelets {
  const nodeNamed = (name: string): Node | undefined =>
    readObject(view().get({ resource: groupResource(nodes), namespace: '', name })) as Node | undefined;
  const tlsTo = (host: string, isChecked = true): TunnelTls => ({
    ...certificate,
    ...(isChecked ? { serverName: host, authority: authorityPem } : {}),
  });
  const endOf = (nodeName: string): { readonly end: TunnelEnd; readonly host: string } => {
    const node = nodeNamed(nodeName);
    if (node === undefined) throw new StatusError(404, 'NotFound', `nodes "${nodeName}" not found`);
    const { host, port } = addressOf(node);
    return { end: { nodeName, target: { to: 'port', host, port } }, host };
  };

  async function open({ nodeName, target }: TunnelEnd, signal: AbortSignal): Promise<Duplex> {
    if (target.to === 'port') return dialled(target.host, target.port, signal);
    const { end, host } = endOf(nodeName);
    return secured(await open(end, signal), tlsTo(host));
  }
  const http = createHttpOverTunnel({ open });

  return {
    open,
    run(nodeName) {
      const version = nodeNamed(nodeName)?.status?.nodeInfo?.kubeletVersion ?? '';
      return version !== '' && !isOfHibernetes(version);
    },
    async log(nodeName, asked, signal) {
      const { end, host } = endOf(nodeName);
      const tls = tlsTo(host, !isSet(asked.query, 'insecureSkipTLSVerifyBackend'));
      const { message } = await http.send({ end, tls, method: 'GET', path: kubeletPath(asked), headers: { host }, signal });
      await requireSuccess(message, asked.pod.name);
      const { status, body } = await proxiedAnswer(message, 'GET', undefined);
      return new Response(body, { status, headers: logHeaders });
    },
    async join(nodeName, asked, client) {
      const { end, host } = endOf(nodeName);
      return proxied({ http, clock, byMail: undefined }, client, { end, tls: tlsTo(host), host, path: kubeletPath(asked) });
    },
  };
}
