/** `npm run compare -- cases`: asks kube-apiserver each case of the kinds' tables, and writes its answers into them. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isMap, isScalar, isSeq, parseDocument, type Document, type YAMLMap } from 'yaml';
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import type { JsonObject } from '../../functions/kube/object.ts';
import { answersOf, kindTableFiles, kindTableText, type KindCase, type KindTable, type SendCase } from '../support/kind-cases.ts';
import { connectApi, type ApiConnection } from './servers/api-connection.ts';
import { findPrograms } from './servers/programs.ts';
import { startUpstream } from './servers/upstream.ts';

/** Tables show what kinds do by themselves: all that upstream runs by default but NamespaceLifecycle. */
const otherPlugins = [
  'LimitRanger',
  'ServiceAccount',
  'TaintNodesByCondition',
  'PodSecurity',
  'Priority',
  'DefaultTolerationSeconds',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'ClusterTrustBundleAttest',
  'CertificateSubjectRestriction',
  'PodTopologyLabels',
  'DefaultIngressClass',
  'ResourceQuota',
];

export async function recordKindCases(args: readonly string[]): Promise<number> {
  const options = { cache: { type: 'string', default: '.cache/compare' }, kind: { type: 'string', default: '' } } as const;
  const { cache, kind } = parseArgs({ args: [...args], options }).values;
  const upstream = await startUpstream(
    findPrograms({ cache }, () => undefined),
    {
      serviceCidr: defaultNetworks.serviceCidr,
      disabledPlugins: otherPlugins,
    },
  );
  const api = connectApi(upstream.address);
  try {
    for (const file of kindTableFiles().filter((one) => one.includes(kind))) await record(file, api);
    return 0;
  } finally {
    api.close();
    await upstream.stop();
  }
}

async function record(file: string, api: ApiConnection): Promise<void> {
  const document = parseDocument(kindTableText(file));
  const table = document.toJS() as KindTable;
  const answers = await answersOf(table, sending(api));
  const cases = document.get('cases');
  if (!isSeq(cases)) throw new Error(`${file} has no cases`);
  for (const [index, one] of cases.items.entries()) {
    if (isMap(one)) setAnswer(document, one, answers[index] ?? {});
  }
  writeFileSync(file, document.toString({ lineWidth: 140, flowCollectionPadding: true }));
}

/** Comments stay: only what the server answers is replaced. */
function setAnswer(document: Document, one: YAMLMap, answer: KindCase): void {
  for (const name of ['refused', 'stored', 'warnings', 'row'] as const) {
    one.delete(name);
    if (answer[name] !== undefined) one.set(name, document.createNode(answer[name], { flow: false }));
  }
  for (const { value } of one.items)
    if (isMap(value) && !isScalar(value)) value.flow = value.items.every((pair) => isScalar(pair.value)) && value.items.length < 4;
}

const sending =
  (api: ApiConnection): SendCase =>
  async (method, path, body, accept) => {
    const headers = { accept, 'content-type': 'application/json' };
    const answer = await api.send({ method, path, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    return { status: answer.status, warning: answer.warnings.join(', '), body: JSON.parse(answer.text) as JsonObject };
  };
