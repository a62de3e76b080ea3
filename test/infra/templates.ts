/** The templates of every configuration, made with stand-ins for the program: what is tested is what surrounds it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../infra/aws/app.ts';
import { configurations, type ConfigurationName } from '../../infra/aws/configurations.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, unknown>>;
}

export interface Synthesized {
  readonly template: Template;
  /** What cdk-nag found and no suppression gives a reason for. */
  readonly violations: readonly unknown[];
}

interface Report {
  readonly pluginReports: readonly { readonly pluginName: string; readonly violations: readonly unknown[] }[];
}

export function synthesize(context: Readonly<Record<string, string>>): Synthesized {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-synth-'));
  try {
    const bundle = join(directory, 'bundle');
    const outdir = join(directory, 'out');
    mkdirSync(bundle);
    writeFileSync(join(bundle, 'index.mjs'), '');
    const app = createApp({ bundleOf: () => bundle, app: { outdir, context } });
    const [stack] = app.synth().stacks;
    const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
    return {
      template: stack!.template as Template,
      violations: report.pluginReports.flatMap(({ violations }) => violations),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export const configurationNames = Object.keys(configurations) as ConfigurationName[];

const made = new Map<ConfigurationName, Synthesized>();

export function synthesized(name: ConfigurationName): Synthesized {
  const known = made.get(name) ?? synthesize(configurations[name]);
  made.set(name, known);
  return known;
}

export const templateOf = (name: ConfigurationName): Template => synthesized(name).template;

export interface Named extends Resource {
  readonly id: string;
  /** Never undefined here. */
  readonly Properties: Readonly<Record<string, unknown>>;
}

export const resourcesOf = ({ Resources }: Template, ...types: readonly string[]): readonly Named[] =>
  Object.entries(Resources)
    .filter(([, { Type }]) => types.length === 0 || types.includes(Type))
    .map(([id, resource]) => ({ Properties: {}, ...resource, id }));

/** CDK's ids end in a hash of their path, which a reader does not need. */
export const bare = (id: string): string => id.replace(/[0-9A-F]{8}$/, '');

/** The resource that a reference means, and what of it; anything else as JSON. */
export function named(value: unknown): string {
  if (typeof value === 'string') return value;
  const {
    Ref,
    'Fn::GetAtt': attribute,
    'Fn::Join': join,
  } = value as {
    Ref?: string;
    'Fn::GetAtt'?: readonly [string, string];
    'Fn::Join'?: readonly [string, readonly unknown[]];
  };
  if (Ref !== undefined) return bare(Ref);
  if (attribute !== undefined) return attribute[1] === 'Arn' ? bare(attribute[0]) : `${bare(attribute[0])}.${attribute[1]}`;
  if (join !== undefined) return join[1].map(named).join(join[0]);
  return JSON.stringify(value);
}
