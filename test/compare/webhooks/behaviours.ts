/** How a webhook answers a review: what webhooks do, and what they should not do. */
import type { Json, JsonObject } from '../../../functions/kube/object.ts';

export interface HookAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or a text as it is. Undefined: no answer ever comes. */
  readonly body: Json | undefined;
}

export interface Review {
  readonly apiVersion: string;
  readonly request: JsonObject & { readonly uid: string };
}

type Behaviour = (review: Review) => HookAnswer;

const answering =
  (response: JsonObject, review: JsonObject = {}): Behaviour =>
  ({ apiVersion, request: { uid } }) => ({ body: { apiVersion, kind: 'AdmissionReview', response: { uid, ...response }, ...review } });

const patching = (patch: Json, others: JsonObject = {}): Behaviour =>
  answering({ allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64'), ...others });

const label = (name: string, value: string): Json => ({ op: 'add', path: `/metadata/labels/${name}`, value });

export const behaviours = {
  allows: answering({ allowed: true }),
  denies: answering({ allowed: false }),
  deniesWithMessage: answering({ allowed: false, status: { message: 'not today' } }),
  deniesWithStatus: answering({
    allowed: false,
    status: {
      code: 418,
      reason: 'Teapot',
      message: 'short and stout',
      details: { name: 'x', causes: [{ reason: 'R', message: 'm', field: 'data' }] },
    },
  }),
  deniesWithSuccessStatus: answering({ allowed: false, status: { code: 200, status: 'Success', message: 'odd' } }),
  deniesWithReasonOnly: answering({ allowed: false, status: { reason: 'Conflict' } }),
  warns: answering({ allowed: true, warnings: ['first', 'second "quoted"', 'line\nbreak', `long ${'x'.repeat(300)}`] }),
  warnsAndDenies: answering({ allowed: false, warnings: ['think again'], status: { message: 'denied with a warning' } }),
  annotates: answering({ allowed: true, auditAnnotations: { 'a/b': 'c', plain: 'd' } }),
  labels: patching([label('labelled', 'yes')]),
  labelsAgain: patching([label('again', 'yes')]),
  data: patching([{ op: 'add', path: '/data/added', value: 'by-hook' }]),
  replacesData: patching([{ op: 'replace', path: '/data', value: { only: 'this' } }]),
  renames: patching([{ op: 'replace', path: '/metadata/name', value: 'other' }]),
  movesNamespace: patching([{ op: 'replace', path: '/metadata/namespace', value: 'elsewhere' }]),
  addsUnknownField: patching([{ op: 'add', path: '/nonsense', value: 1 }]),
  makesInvalid: patching([{ op: 'add', path: '/metadata/labels/bad', value: 'not a label value!' }]),
  changesType: patching([{ op: 'replace', path: '/data', value: 3 }]),
  removesMissing: patching([{ op: 'remove', path: '/data/missing' }]),
  testsInVain: patching([{ op: 'test', path: '/data/mode', value: 'never' }]),
  patchesWithoutType: patching([label('untyped', 'yes')], { patchType: null }),
  patchesWithOtherType: patching([label('typed', 'yes')], { patchType: 'MergePatch' }),
  typeWithoutPatch: answering({ allowed: true, patchType: 'JSONPatch' }),
  patchesNoJson: answering({ allowed: true, patchType: 'JSONPatch', patch: Buffer.from('nonsense').toString('base64') }),
  patchesNoBase64: answering({ allowed: true, patchType: 'JSONPatch', patch: '***' }),
  emptyPatch: patching([]),
  otherUid: answering({ allowed: true, uid: 'another' }),
  noUid: answering({ allowed: true, uid: null }),
  noResponse: answering({ allowed: true }, { response: null }),
  otherKind: answering({ allowed: true }, { kind: 'Something' }),
  otherVersion: answering({ allowed: true }, { apiVersion: 'admission.k8s.io/v2' }),
  noKind: answering({ allowed: true }, { kind: null, apiVersion: null }),
  text: () => ({ body: 'hello' }),
  brokenJson: () => ({ body: '{"apiVersion":' }),
  empty: () => ({ body: '' }),
  fails500: () => ({ status: 500, body: 'it broke' }),
  fails404: () => ({ status: 404, body: 'not here' }),
  fails403: () => ({ status: 403, body: 'keep out' }),
  fails429: () => ({ status: 429, body: 'slow down' }),
  redirects: () => ({ status: 302, headers: { location: '/elsewhere' }, body: '' }),
  redirectsKeeping: () => ({ status: 307, headers: { location: 'deniesWithStatus' }, body: '' }),
  redirectsForever: () => ({ status: 308, headers: { location: 'redirectsForever' }, body: '' }),
  redirectsNowhere: () => ({ status: 301, body: '' }),
  created201: (review) => ({ ...answering({ allowed: true })(review), status: 201 }),
  hangs: () => ({ body: undefined }),
} as const satisfies Readonly<Record<string, Behaviour>>;

export type BehaviourName = keyof typeof behaviours;
