/** With these settings of AWS's in the environment, and no others. */
export function withAwsSettings(settings: Readonly<Record<string, string>>, body: () => void): void {
  const before = { ...process.env };
  for (const name of Object.keys(process.env).filter((one) => one.startsWith('AWS_'))) delete process.env[name];
  Object.assign(process.env, settings);
  try {
    body();
  } finally {
    for (const name of Object.keys(settings)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
