/** Fields that take a count or a percentage. Source: apimachinery, pkg/util/intstr/intstr.go. */

/** The count itself, or the share of `total` that `25%` names. Throws when the text is no percentage. */
export function scaledIntOrString(value: number | string, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  if (!value.endsWith('%')) throw new Error('invalid value for IntOrString: invalid type: string is not a percentage');
  const digits = value.slice(0, -1);
  if (!/^[+-]?\d+$/.test(digits)) {
    const why = `strconv.Atoi: parsing ${JSON.stringify(digits)}: invalid syntax`;
    throw new Error(`invalid value for IntOrString: invalid value ${JSON.stringify(value)}: ${why}`);
  }
  const share = (Number(digits) * total) / 100;
  return roundUp ? Math.ceil(share) : Math.floor(share);
}
