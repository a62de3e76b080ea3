/** Expressions about the claims of a token and about the user it stands for. Source: apiserver, pkg/authentication/cel/compile.go. */
import { environment } from '../../../cel/check/environment.ts';
import { type CelType, isSameType, listType, mapType, stringType, boolType } from '../../../cel/check/type.ts';
import { declaredObject, type DeclaredType } from '../../../cel/declared-type.ts';
import { compileProgram, isRefused, type Program } from '../../../cel/program.ts';
import { descendants } from '../../../cel/syntax/expression.ts';
import { parseExpression } from '../../../cel/syntax/parser.ts';
import { jsonValue } from '../../../cel/values/json.ts';
import { Failure, type Result } from '../../../cel/values/value.ts';
import type { JsonObject } from '../../../kube/object.ts';
import type { User } from '../../ports.ts';

const plain = (type: CelType): DeclaredType => ({ type, sizeMax: 0, serializedMin: 0 });
/** The type of a value that is not known in advance, named as upstream names it. */
const anyType: CelType = { kind: 'dyn', name: 'any', parameters: [] };
const texts = listType(stringType);

const userType = declaredObject('kubernetes.UserInfo', {
  username: plain(stringType),
  uid: plain(stringType),
  groups: { ...plain(texts), element: plain(stringType) },
  extra: { ...plain(mapType(stringType, texts)), element: { ...plain(texts), element: plain(stringType) } },
});

const scopes = {
  claims: environment({ claims: mapType(stringType, anyType) }),
  user: environment({ user: userType.type }, [userType]),
} as const;

/** What an expression is about: its only variable. */
export type Subject = keyof typeof scopes;

export type CompiledText = { readonly program: Program } | { readonly problem: string };

/** `loadExpressions` must have ended. */
export function compileExpression(source: string, subject: Subject, isCondition: boolean): CompiledText {
  const program = compileProgram(source, scopes[subject]);
  if (isRefused(program))
    return { problem: `${program.stage === 'source' ? 'compilation' : 'program instantiation'} failed: ${program.problem}` };
  return isCondition && !isSameType(program.type, boolType) ? { problem: 'must evaluate to bool' } : { program };
}

/** Whether a sound expression reads that claim: `claims.email`, `claims.?email`. */
export function readsClaim(source: string, claim: string): boolean {
  const parsed = parseExpression(source);
  if ('issues' in parsed) return false;
  for (const part of descendants(parsed.expression)) {
    const [operand, field] =
      part.kind === 'select'
        ? [part.operand, part.field]
        : part.kind === 'call' && part.name === '_?._' && part.target === undefined && part.arguments[1]?.kind === 'literal'
          ? [part.arguments[0], part.arguments[1].value]
          : [];
    if (operand?.kind === 'identifier' && operand.name === 'claims' && field === claim) return true;
  }
  return false;
}

export const evaluateClaims = (program: Program, claims: JsonObject): Result =>
  program.evaluate((name) => (name === 'claims' ? jsonValue(claims) : undefined)).result;

export function evaluateUser(program: Program, { name, uid = '', groups, extra = {} }: User): Result {
  const user = jsonValue(
    {
      username: name,
      uid,
      groups: [...groups],
      extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])),
    },
    userType,
  );
  return program.evaluate((variable) => (variable === 'user' ? user : undefined)).result;
}

export const isFailure = (result: Result): result is Failure => result instanceof Failure;
