/**
 * Evaluates the expressions of one policy about one request, within a budget of cost. Read with the first request that a
 * policy is about. Source: apiserver, pkg/admission/plugin/cel/{activation,condition,composition}.go.
 */
import {
  type AuthorizationAnswer,
  type AuthorizationQuestion,
  authorizerValue,
  QuestionOpen,
  resourceCheckValue,
} from '../../../cel/library/authorization.ts';
import { callCostMax, type Program } from '../../../cel/program.ts';
import { jsonValue } from '../../../cel/values/json.ts';
import { type CelObject, type CelValue, Failure, type Result } from '../../../cel/values/value.ts';
import { structType } from '../../../cel/check/type.ts';
import type { Json, JsonObject, KubeObject } from '../../../kube/object.ts';
import { namespaceType, requestType } from '../../../resources/admissionregistration/policy-expressions.ts';
import { serviceAccountGroups, serviceAccountUserName } from '../../auth/groups.ts';
import type { AdmissionAttributes, Authorizer, User } from '../../ports.ts';
import type { Match } from '../match/resource-match.ts';
import { requestKind } from '../webhooks/invocation.ts';

export type CompiledExpression = { readonly source: string } & ({ readonly program: Program } | { readonly problem: string });

export interface NamedExpression {
  readonly name: string;
  readonly expression: CompiledExpression;
}

export interface Situation {
  readonly attributes: AdmissionAttributes;
  readonly match: Match;
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  readonly param: KubeObject | undefined;
  readonly namespace: KubeObject | undefined;
  readonly authorizer: Authorizer | undefined;
}

/** The budget of a request is spent: no more expressions are evaluated. */
export class OutOfBudget extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

/** Answers of the authorizer, kept for one request. */
export type Answers = Map<string, AuthorizationAnswer>;

export class Evaluator {
  private readonly situation: Situation;
  private readonly answers: Answers;
  private readonly values = new Map<string, CelValue>();
  private budget: number;

  constructor(situation: Situation, answers: Answers, budget: number) {
    this.situation = situation;
    this.answers = answers;
    this.budget = budget;
  }

  /** Variables are evaluated when they are first named, and at most once. */
  compose(variables: readonly NamedExpression[]): void {
    const known = new Map<string, Result>();
    const byName = new Map(variables.map(({ name, expression }) => [name, expression]));
    const composed: CelObject = {
      isObject: true,
      type: structType('kubernetes.variables'),
      field: () => undefined,
      fieldNames: () => [...byName.keys()],
      computed: (name) => {
        const expression = byName.get(name);
        if (expression === undefined) return undefined;
        const result = known.get(name) ?? this.variable(name, expression);
        known.set(name, result);
        return result;
      },
    };
    this.values.set('variables', composed);
  }

  private variable(name: string, expression: CompiledExpression): Result {
    if ('problem' in expression) return failedVariable(name, expression.problem);
    const result = this.run(expression.program);
    return result instanceof Failure ? failedVariable(name, result.message) : result;
  }

  /** A failure has upstream's words, with the expression in them. Throws OutOfBudget. */
  async evaluate(expression: CompiledExpression): Promise<Result> {
    if ('problem' in expression) return new Failure(`compilation error: ${expression.problem}`);
    const result = await this.answered(expression.program);
    return result instanceof Failure ? new Failure(`expression '${expression.source}' resulted in error: ${result.message}`) : result;
  }

  /** Evaluates again for each question that the authorizer has answered meanwhile. */
  private async answered(program: Program): Promise<Result> {
    for (let asked = 0; asked <= questionsMax; asked += 1) {
      const before = this.budget;
      try {
        return this.run(program);
      } catch (error) {
        if (!(error instanceof QuestionOpen)) throw error;
        this.budget = before;
        this.answers.set(keyOf(error.question), await this.ask(error.question));
      }
    }
    return new Failure('operation cancelled: actual cost limit exceeded');
  }

  private run(program: Program): Result {
    const { result, cost } = program.evaluate((name) => this.value(name), callCostMax);
    this.budget -= cost;
    if (this.budget < 0) throw new OutOfBudget();
    return result;
  }

  private async ask(question: AuthorizationQuestion): Promise<AuthorizationAnswer> {
    const { authorizer, attributes } = this.situation;
    const user = question.serviceAccount === undefined ? attributes.user : serviceAccountUser(question.serviceAccount);
    const { verb, path = '', group, resource, subresource, namespace, name } = question;
    const isResource = question.path === undefined;
    const decision = await authorizer?.authorize(user, {
      verb,
      isResource,
      path,
      group,
      version: '*',
      resource,
      subresource,
      namespace,
      name,
    });
    return decision ?? { allowed: false, reason: '' };
  }

  private value(name: string): CelValue | undefined {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    const made = this.make(name);
    if (made !== undefined) this.values.set(name, made);
    return made;
  }

  private make(name: string): CelValue | undefined {
    const { object, oldObject, param, namespace, attributes } = this.situation;
    const ask = (question: AuthorizationQuestion): AuthorizationAnswer | undefined => this.answers.get(keyOf(question));
    switch (name) {
      case 'object':
        return jsonValue(json(object));
      case 'oldObject':
        return jsonValue(json(oldObject));
      case 'params':
        return jsonValue(json(param));
      case 'namespaceObject':
        return namespace === undefined ? null : jsonValue(shownNamespace(namespace), namespaceType);
      case 'request':
        return jsonValue(requestOf(this.situation), requestType);
      case 'authorizer':
        return authorizerValue(ask);
      case 'authorizer.requestResource': {
        const { type } = attributes.served;
        const { subresource, namespace: within } = attributes;
        return resourceCheckValue(ask, {
          group: type.group,
          resource: type.resource,
          subresource,
          namespace: within,
          name: attributes.name,
        });
      }
      default:
        return undefined;
    }
  }
}

/** A check costs a third of what an expression may. */
const questionsMax = 4;

const failedVariable = (name: string, why: string): Failure =>
  new Failure(`composited variable ${JSON.stringify(name)} fails to evaluate: ${why}`);
const keyOf = (question: AuthorizationQuestion): string => JSON.stringify(question);
const json = (object: KubeObject | undefined): Json => (object ?? null) as Json;

const serviceAccountUser = ({ namespace, name }: { readonly namespace: string; readonly name: string }): User => ({
  name: serviceAccountUserName(namespace, name),
  groups: [...serviceAccountGroups(namespace), 'system:authenticated'],
});

/** Expressions see no owners and no managed fields. */
function shownNamespace(namespace: KubeObject): JsonObject {
  const { metadata, ...rest } = namespace;
  const { spec = {}, status = {} } = rest as { readonly spec?: Json; readonly status?: Json };
  const { uid, ...named } = metadata as KubeObject['metadata'] & JsonObject;
  const shown = Object.entries(named).filter(([name]) => name !== 'ownerReferences' && name !== 'managedFields');
  return { metadata: { ...Object.fromEntries(shown), ...(uid === undefined ? {} : { UID: uid }) }, spec, status };
}

function requestOf({ attributes, match }: Situation): JsonObject {
  const { operation, subresource, name, namespace, user, dryRun, options, served } = attributes;
  const { group, version, kind } = match.kind;
  const requested = requestKind(attributes);
  const { type } = served;
  return {
    kind: { group, version, kind },
    resource: { ...match.resource },
    requestKind: { group: requested.group, version: requested.version, kind: requested.kind },
    requestResource: { group: type.group, version: type.version, resource: type.resource },
    ...(subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      groups: [...user.groups],
      extra: Object.fromEntries(Object.entries(user.extra ?? {}).map(([key, values]) => [key, [...values]])),
    },
    dryRun,
    options: Object.keys(options).length === 0 ? null : options,
  };
}
