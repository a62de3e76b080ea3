/**
 * Questions to the authorizer within expressions. The authorizer may have to wait, an evaluation cannot: a question
 * without an answer ends the evaluation, which is run again when the answer is there.
 * Source: apiserver, pkg/cel/library/authz.go.
 */
import { Failure, type Opaque } from '../values/value.ts';
import type { CelFunction, Library } from './functions.ts';
import { OpaqueKind } from './opaque.ts';

export interface AuthorizationQuestion {
  /** Set where a service account is asked about, not who sends the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  readonly verb: string;
  /** Set for questions about paths that are no resources. */
  readonly path?: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface AuthorizationAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}

/** Undefined: not known yet. */
export type Ask = (question: AuthorizationQuestion) => AuthorizationAnswer | undefined;

/** Thrown through the evaluation. */
export class QuestionOpen extends Error {
  readonly question: AuthorizationQuestion;
  constructor(question: AuthorizationQuestion) {
    super('a question to the authorizer has no answer yet');
    this.question = question;
  }
}

interface Asking {
  readonly ask: Ask;
  readonly question: AuthorizationQuestion;
}

const never = (): boolean => false;
const authorizers = new OpaqueKind<Asking>('kubernetes.authorization.Authorizer', never);
const paths = new OpaqueKind<Asking>('kubernetes.authorization.PathCheck', never);
const groups = new OpaqueKind<Asking>('kubernetes.authorization.GroupCheck', never);
const resources = new OpaqueKind<Asking>('kubernetes.authorization.ResourceCheck', never);
const decisions = new OpaqueKind<AuthorizationAnswer>('kubernetes.authorization.Decision', never);

const empty: AuthorizationQuestion = { verb: '', group: '', resource: '', subresource: '', namespace: '', name: '' };

/** The variable `authorizer`. */
export const authorizerValue = (ask: Ask): Opaque => authorizers.wrap({ ask, question: empty });

/** The variable `authorizer.requestResource`: the request's own resource. */
export const resourceCheckValue = (ask: Ask, question: Omit<AuthorizationQuestion, 'verb'>): Opaque =>
  resources.wrap({ ask, question: { ...question, verb: '' } });

/** Goes from one kind of question to the next, with one more part of it known. */
const refined =
  (from: OpaqueKind<Asking>, to: OpaqueKind<Asking>, part: (...texts: readonly string[]) => Partial<AuthorizationQuestion>): CelFunction =>
  ([value, ...rest]) => {
    const asking = from.unwrap(value);
    if (asking === undefined) return undefined;
    const texts = rest.filter((text) => typeof text === 'string');
    return texts.length === rest.length ? to.wrap({ ask: asking.ask, question: { ...asking.question, ...part(...texts) } }) : undefined;
  };

const check: CelFunction = ([value, verb]) => {
  const asking = resources.unwrap(value) ?? paths.unwrap(value);
  if (asking === undefined || typeof verb !== 'string') return undefined;
  const question = { ...asking.question, verb };
  const answer = asking.ask(question);
  if (answer === undefined) throw new QuestionOpen(question);
  return decisions.wrap(answer);
};

const answered =
  (of: (answer: AuthorizationAnswer) => boolean | string): CelFunction =>
  ([value]) => {
    const answer = decisions.unwrap(value);
    return answer === undefined ? undefined : of(answer);
  };

const named = (path: string): Partial<AuthorizationQuestion> => ({ path });

export const authorization: Library = {
  path: (args) =>
    args[1] === '' ? new Failure('path must not be empty') : refined(authorizers, paths, (path = '') => named(path))(args, { nodes: 0 }),
  group: refined(authorizers, groups, (group = '') => ({ group })),
  serviceAccount: refined(authorizers, authorizers, (namespace = '', name = '') => ({ serviceAccount: { namespace, name } })),
  resource: refined(groups, resources, (resource = '') => ({ resource })),
  subresource: refined(resources, resources, (subresource = '') => ({ subresource })),
  namespace: refined(resources, resources, (namespace = '') => ({ namespace })),
  name: refined(resources, resources, (name = '') => ({ name })),
  fieldSelector: refined(resources, resources, (fieldSelector = '') => ({ fieldSelector })),
  labelSelector: refined(resources, resources, (labelSelector = '') => ({ labelSelector })),
  check,
  allowed: answered(({ allowed }) => allowed),
  reason: answered(({ reason }) => reason),
  errored: answered(({ error }) => error !== undefined),
  error: answered(({ error = '' }) => error),
};
