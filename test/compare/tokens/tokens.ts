/** Tokens, and what a webhook answers about them. */
import { apiAudience } from '../../../functions/apiserver/auth/tokens.ts';
import type { Json, JsonObject } from '../../../functions/kube/object.ts';

export interface TokenReviewRequest extends JsonObject {
  readonly apiVersion: string;
  readonly spec: JsonObject & { readonly token: string };
}

export interface TokenAnswer {
  readonly status?: number;
  /** JSON, or a text as it is. */
  readonly body: Json;
}

type AnswerTo = (review: TokenReviewRequest) => TokenAnswer;

const jane = { username: 'jane', uid: 'u1', groups: ['dev'], extra: { 'example.org/x': ['1', '2'] } };

const answering =
  (status: JsonObject, others: JsonObject = {}): AnswerTo =>
  ({ apiVersion, spec }) => ({ body: { apiVersion, kind: 'TokenReview', spec, status, ...others } });

const known = (user: JsonObject, others: JsonObject = {}): AnswerTo => answering({ authenticated: true, user, ...others });

export const tokens = {
  known: known(jane),
  unknown: answering({ authenticated: false }),
  unknownWithUser: answering({ authenticated: false, user: jane }),
  unknownWithReason: answering({ authenticated: false, error: 'the token is over' }),
  knownWithError: known(jane, { error: 'odd' }),
  withoutUser: answering({ authenticated: true }),
  withoutStatus: answering({}),
  nameless: known({ groups: ['dev'] }),
  master: known({ username: 'boss', groups: ['system:masters'] }),
  node: known({ username: 'system:node:a', groups: ['system:nodes'] }),
  inAuthenticated: known({ username: 'jane', groups: ['system:authenticated', 'dev'] }),
  unauthenticatedGroup: known({ username: 'jane', groups: ['system:unauthenticated'] }),
  emptyGroup: known({ username: 'jane', groups: [''] }),
  emptyExtra: known({ username: 'jane', extra: { 'example.org/y': [], 'Example.org/Z': ['1'] } }),
  audienceOfTheApi: known(jane, { audiences: [apiAudience] }),
  audiencesMore: known(jane, { audiences: ['elsewhere', apiAudience] }),
  audienceElsewhere: known(jane, { audiences: ['elsewhere'] }),
  audienceElsewhereUnknown: answering({ authenticated: false, error: 'no', audiences: ['elsewhere'] }),
  namesNoKind: answering({ authenticated: true, user: jane }, { kind: null, apiVersion: null }),
  otherKind: answering({ authenticated: true, user: jane }, { kind: 'Something' }),
  otherVersion: answering({ authenticated: true, user: jane }, { apiVersion: 'authentication.k8s.io/v1' }),
  otherGroup: answering({ authenticated: true, user: jane }, { apiVersion: 'v1', kind: 'Pod' }),
  status: () => ({ body: { apiVersion: 'v1', kind: 'Status', status: 'Failure', message: 'went wrong', reason: 'Expired', code: 410 } }),
  numberAsName: known({ username: 3 }),
  textAsGroups: known({ username: 'jane', groups: 'dev' }),
  textAsAuthenticated: answering({ authenticated: 'true', user: jane }),
  list: () => ({ body: [] }),
  text: () => ({ body: 'hello' }),
  brokenJson: () => ({ body: '{"status":' }),
  empty: () => ({ body: '' }),
  created201: (review) => ({ ...known(jane)(review), status: 201 }),
  fails500: () => ({ status: 500, body: 'it broke' }),
  fails404: () => ({ status: 404, body: 'not here' }),
  fails403: () => ({ status: 403, body: 'keep out' }),
  fails401: () => ({ status: 401, body: 'who are you' }),
} as const satisfies Readonly<Record<string, AnswerTo>>;

export type TokenName = keyof typeof tokens;
