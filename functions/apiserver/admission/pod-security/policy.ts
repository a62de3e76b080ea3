/**
 * Which level and version of the pod security standards a namespace asks for, by its labels.
 * Source: pod-security-admission, api/helpers.go.
 */
import { type FieldError, invalid } from '../../../kube/field-error.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';
export type Mode = 'enforce' | 'audit' | 'warn';

export interface LevelVersion {
  readonly level: Level;
  /** Infinity is the latest. */
  readonly minor: number;
}

export type Policy = Readonly<Record<Mode, LevelVersion>>;

export const prefix = 'pod-security.kubernetes.io/';
const levels: readonly Level[] = ['privileged', 'baseline', 'restricted'];
export const latest = 'latest';

export const levelErrorText = `must be one of ${levels.join(', ')}`;
export const versionErrorText = 'must be "latest" or "v1.x"';

export const parseLevel = (text: string): Level | undefined => levels.find((level) => level === text);

export function parseVersion(text: string): number | undefined {
  if (text === latest) return Infinity;
  const digits = /^v1\.(0|[1-9]\d{0,17})$/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export const levelText = ({ level, minor }: LevelVersion): string => `${level}:${minor === Infinity ? latest : `v1.${minor}`}`;

export const isStricter = (a: Level, b: Level): boolean => levels.indexOf(a) > levels.indexOf(b);

export const isSame = (a: LevelVersion, b: LevelVersion): boolean => a.level === b.level && a.minor === b.minor;

export const isPrivileged = (policy: Policy, modes: readonly Mode[] = ['enforce', 'audit', 'warn']): boolean =>
  modes.every((mode) => policy[mode].level === 'privileged');

export const isEquivalent = (a: Policy, b: Policy): boolean =>
  (['enforce', 'audit', 'warn'] as const).every(
    (mode) => isSame(a[mode], b[mode]) || (a[mode].level === 'privileged' && b[mode].level === 'privileged'),
  );

export type Labels = Readonly<Record<string, string>>;

/** A policy comes also with errors: pods are held to the strictest level by a label that is no level, and only warned by none. */
export function policyOf(labels: Labels, defaults: Policy): { readonly policy: Policy; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = [];
  const parsed = <T>(key: string, parse: (text: string) => T | undefined, { unset, bad, error }: Fallbacks<T>): T => {
    const text = labels[`${prefix}${key}`];
    if (text === undefined) return unset;
    const value = parse(text);
    if (value === undefined) errors.push(invalid(`metadata.labels[${prefix}${key}]`, text, error));
    return value ?? bad;
  };
  const of = (mode: Mode): LevelVersion => ({
    level: parsed(mode, parseLevel, {
      unset: defaults[mode].level,
      bad: mode === 'enforce' ? 'restricted' : 'privileged',
      error: levelErrorText,
    }),
    minor: parsed(`${mode}-version`, parseVersion, { unset: defaults[mode].minor, bad: Infinity, error: versionErrorText }),
  });
  const [enforce, audit, warn] = [of('enforce'), of('audit'), of('warn')];
  return { policy: { enforce, audit, warn: warnOf(labels, enforce, warn) }, errors };
}

interface Fallbacks<T> {
  readonly unset: T;
  readonly bad: T;
  readonly error: string;
}

/** What is enforced on request is also warned about, unless the labels ask for other warnings. */
function warnOf(labels: Labels, enforce: LevelVersion, warn: LevelVersion): LevelVersion {
  const asked = parseLevel(labels[`${prefix}enforce`] ?? '');
  if (asked === undefined || labels[`${prefix}warn`] !== undefined || !isStricter(asked, warn.level)) return warn;
  return { level: asked, minor: labels[`${prefix}warn-version`] === undefined ? enforce.minor : warn.minor };
}
