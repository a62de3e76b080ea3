/** What an expression that selects devices may name. Source: dynamic-resource-allocation, cel/compile.go. */
import { environment } from './check/environment.ts';
import { boolType, type CelType, dynType, mapType, stringType, structType } from './check/type.ts';
import { declaredObject, type DeclaredType } from './declared-type.ts';

const declared = (type: CelType): DeclaredType => ({ type, sizeMax: 0, serializedMin: 0 });
const typeName = 'kubernetes.DRADevice';
const quantityType = structType('kubernetes.Quantity');
export const deviceDeclared = declaredObject(typeName, {
  driver: declared(stringType),
  attributes: declared(mapType(stringType, mapType(stringType, dynType))),
  capacity: declared(mapType(stringType, mapType(stringType, quantityType))),
  allowMultipleAllocations: declared(boolType),
});
export const deviceScope = environment({ device: deviceDeclared.type }, [deviceDeclared]);

/** In units of the expression's cost. Source: resource/v1, CELSelectorExpressionMaxCost. */
export const deviceCostMax = 1_000_000;
