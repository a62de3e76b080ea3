/** A unified diff, each line with its sign and a colour. */
import type { JSX } from 'preact';

const toneOfLine = (line: string): string => ({ '+': 'good', '-': 'bad', '@': 'muted' })[line[0] ?? ''] ?? '';

export const Diff = ({ text }: { text: string }): JSX.Element => (
  <pre class="diff" tabIndex={0} aria-label="Differences">
    {text.split('\n').map((line, index) => (
      <span class={toneOfLine(line)} key={index}>
        {line}
        {'\n'}
      </span>
    ))}
  </pre>
);
