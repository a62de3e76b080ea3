/** The text in which Prometheus reads measurements. Pure. Source: prometheus/common, expfmt/text_create.go */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
  /** When it was measured; left out: now. */
  readonly atMs?: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
}

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8; escaping=values';

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };
const escaped = (text: string, characters: RegExp): string => text.replaceAll(characters, (one) => escapes[one] ?? one);

const labelText = (labels: Readonly<Record<string, string>>): string => {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const pairs = sorted.map(([name, value]) => `${name}="${escaped(value, /[\\\n"]/g)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

const sampleText = (name: string, { labels = {}, value, atMs }: Sample): string =>
  `${name}${labelText(labels)} ${value}${atMs === undefined ? '' : ` ${Math.floor(atMs)}`}\n`;

/** Families without a sample are left out. */
export const exposition = (families: readonly MetricFamily[]): string =>
  families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const head = `# HELP ${name} ${escaped(help, /[\\\n]/g)}\n# TYPE ${name} ${type}\n`;
      return head + samples.map((sample) => sampleText(name, sample)).join('');
    })
    .join('');
