/** Values that only their own library reads. */
import { type CelType, opaqueType, structType } from '../check/type.ts';
import { type CelValue, isOpaque, type Opaque } from '../values/value.ts';

/** A kind of opaque value around an inner one. */
export class OpaqueKind<Inner> {
  private readonly type: CelType;
  private readonly isSame: (one: Inner, other: Inner) => boolean;
  private readonly inner = new WeakMap<Opaque, Inner>();

  constructor(name: string, isSame: (one: Inner, other: Inner) => boolean) {
    this.type = name.startsWith('net.') ? opaqueType(name) : structType(name);
    this.isSame = isSame;
  }

  wrap(inner: Inner, size?: number): Opaque {
    const value: Opaque = {
      isOpaque: true,
      type: this.type,
      equals: (other) => {
        const known = this.inner.get(other);
        return known !== undefined && this.isSame(inner, known);
      },
      ...(size === undefined ? {} : { size }),
    };
    this.inner.set(value, inner);
    return value;
  }

  unwrap(value: CelValue | undefined): Inner | undefined {
    return value !== undefined && isOpaque(value) ? this.inner.get(value) : undefined;
  }
}
