/** Shows any screen as of a moment of the retained past. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { after, nowMs } from '../browser.ts';
import { useApp } from '../app-context.ts';

/** Every change of a day is kept; what is older is reached by a link that names the moment. */
const minutesMax = 24 * 60;
const minuteMs = 60_000;
const settleMs = 250;

const momentOf = (minutesAgo: number): string =>
  minutesAgo === 0 ? '' : `${new Date(nowMs() - minutesAgo * minuteMs).toISOString().slice(0, 19)}Z`;
const minutesAgoOf = (at: string): number =>
  at === '' ? 0 : Math.min(minutesMax, Math.max(0, Math.round((nowMs() - Date.parse(at)) / minuteMs)));

export function TimeControl(): JSX.Element {
  const { route, go } = useApp();
  const [minutesAgo, setMinutesAgo] = useState(minutesAgoOf(route.at));
  useEffect(() => setMinutesAgo(minutesAgoOf(route.at)), [route.at]);
  useEffect(() => {
    if (minutesAgo === minutesAgoOf(route.at)) return undefined;
    return after(settleMs, () => go({ ...route, at: momentOf(minutesAgo) }));
  }, [minutesAgo]);
  const shown =
    minutesAgo === 0 ? 'now' : new Date(nowMs() - minutesAgo * minuteMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return (
    <div class={`time ${route.at === '' ? '' : 'past'}`}>
      <label>
        <span>as of {shown}</span>
        <input
          type="range"
          min={-minutesMax}
          max={0}
          value={-minutesAgo}
          aria-label="Time: minutes before now"
          aria-valuetext={shown}
          onInput={({ currentTarget }) => setMinutesAgo(-Number(currentTarget.value))}
        />
      </label>
      {route.at === '' ? null : (
        <button type="button" onClick={() => go({ ...route, at: '' })}>
          Now
        </button>
      )}
    </div>
  );
}
