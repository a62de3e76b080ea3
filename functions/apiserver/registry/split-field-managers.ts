/** The field managers of a server. Their code is read with the first write. */
import type { FieldManagers } from '../ports.ts';

export function splitFieldManagers(): FieldManagers {
  let managers: FieldManagers | undefined;
  const read = (): FieldManagers => {
    if (managers === undefined) throw new Error('the field managers have not been read');
    return managers;
  };
  return {
    async load() {
      managers ??= (await import('./field-managers.ts')).recordedFieldManagers;
    },
    record: (next, current, write) => read().record(next, current, write),
    apply: (configuration, current, write) => read().apply(configuration, current, write),
  };
}
