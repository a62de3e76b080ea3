/** What a client asks of a log: the query of `pods/{name}/log`. Pure. */
export interface LogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly sinceMs: number | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
}

export function parseLogOptions(query: string, nowMs: number): LogOptions {
  const values = new URLSearchParams(query);
  const flag = (name: string): boolean => ['true', '1'].includes(values.get(name) ?? '');
  const number = (name: string): number | undefined => (values.has(name) ? Number(values.get(name)) : undefined);
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = values.get('sinceTime');
  const sinceMs = sinceSeconds === undefined ? (sinceTime === null ? undefined : Date.parse(sinceTime)) : nowMs - sinceSeconds * 1000;
  return {
    container: values.get('container') ?? '',
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    sinceMs,
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
  };
}
