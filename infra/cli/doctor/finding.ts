/** What `hibernetes doctor` found: one sentence each, and what to do. */

export interface Finding {
  /** `problem`: something will not work. `warning`: it will work, but worse than it could. */
  readonly level: 'ok' | 'warning' | 'problem';
  /** `kernel`, `cgroups`: in one word what was examined. */
  readonly about: string;
  readonly sentence: string;
  readonly cure?: string;
}

export const ok = (about: string, sentence: string): Finding => ({ level: 'ok', about, sentence });
export const warning = (about: string, sentence: string, cure: string): Finding => ({ level: 'warning', about, sentence, cure });
export const problem = (about: string, sentence: string, cure: string): Finding => ({ level: 'problem', about, sentence, cure });

const marks = { ok: '✓', warning: '!', problem: '✗' } as const;

export function findingLines(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ about }) => about.length));
  return findings
    .map(({ level, about, sentence, cure }) => {
      const line = `${marks[level]} ${about.padEnd(width)}  ${sentence}\n`;
      return cure === undefined ? line : `${line}${' '.repeat(width + 4)}${cure}\n`;
    })
    .join('');
}

/** Whether no finding is a problem. */
export const isWell = (findings: readonly Finding[]): boolean => findings.every(({ level }) => level !== 'problem');
