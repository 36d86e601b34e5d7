import { z } from 'zod';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** One CEL rule of a CRD. The message tells a user what to do instead. */
export interface ValidationRule {
  rule: string;
  message: string;
}

/** The part of Kubernetes' structural OpenAPI v3 schema that our CRDs use. */
export interface StructuralSchema {
  description?: string;
  type?: string;
  format?: string;
  default?: unknown;
  enum?: readonly unknown[];
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  maxProperties?: number;
  required?: readonly string[];
  properties?: Record<string, StructuralSchema>;
  additionalProperties?: StructuralSchema;
  items?: StructuralSchema;
  'x-kubernetes-int-or-string'?: true;
  'x-kubernetes-list-type'?: 'map' | 'atomic';
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** What a schema needs beside its zod definition, by dotted path from the root ('' is the root itself). */
export interface SchemaExtension {
  rules?: readonly ValidationRule[];
  /** The list is a map keyed by these fields: order is kept, keys are unique. */
  listMapKeys?: readonly string[];
}

/**
 * Turns a zod schema into a structural schema as apiextensions.k8s.io/v1 demands.
 * Throws on a construct that has no structural form and on an extension whose path does not exist.
 */
export function toStructuralSchema(
  schema: z.ZodType,
  extensions: Readonly<Record<string, SchemaExtension>>,
): StructuralSchema {
  // io: input, so that a field with a default is not required.
  const json = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
  const unused = new Set(Object.keys(extensions));
  const result = convert(json, '', (path) => {
    unused.delete(path);
    return extensions[path];
  });
  if (unused.size > 0) throw new Error(`no such field: ${[...unused].join(', ')}`);
  return result;
}

type ExtensionLookup = (path: string) => SchemaExtension | undefined;

function convert(json: JsonSchema, path: string, extensionAt: ExtensionLookup): StructuralSchema {
  const extension = extensionAt(path);
  const common: StructuralSchema = {
    ...defined({ description: json.description, default: json.default }),
    ...(extension?.rules ? { 'x-kubernetes-validations': extension.rules } : {}),
  };
  if (isIntOrString(json)) return { ...common, 'x-kubernetes-int-or-string': true };
  switch (json.type) {
    case 'object':
      return { ...common, type: 'object', ...convertFields(json, path, extensionAt) };
    case 'array':
      return {
        ...common,
        type: 'array',
        ...defined({ maxItems: json.maxItems }),
        ...listType(path, extension),
        items: convert(schemaOf(json.items, path), `${path}[]`, extensionAt),
      };
    case 'string':
      return { ...common, type: 'string', ...stringLimits(json) };
    case 'integer':
      return { ...common, type: 'integer', ...integerLimits(json) };
    case 'boolean':
      return { ...common, type: 'boolean' };
    default:
      throw new Error(`${path}: no structural form for ${JSON.stringify(json)}`);
  }
}

function convertFields(json: JsonSchema, path: string, extensionAt: ExtensionLookup): StructuralSchema {
  // A structural schema has properties or additionalProperties, never both.
  if (json.properties === undefined) {
    const values = schemaOf(json.additionalProperties, path);
    return { additionalProperties: convert(values, `${path}{}`, extensionAt) };
  }
  const properties = Object.fromEntries(
    Object.entries(json.properties).map(([name, field]) => {
      const fieldPath = path === '' ? name : `${path}.${name}`;
      return [name, convert(schemaOf(field, fieldPath), fieldPath, extensionAt)];
    }),
  );
  return { ...(json.required?.length ? { required: json.required } : {}), properties };
}

function listType(path: string, extension: SchemaExtension | undefined): StructuralSchema {
  const keys = path.endsWith('.conditions') ? ['type'] : extension?.listMapKeys;
  if (keys === undefined) return { 'x-kubernetes-list-type': 'atomic' };
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
}

function stringLimits(json: JsonSchema): StructuralSchema {
  // The API server checks date-time itself; zod's pattern for it is long and adds nothing.
  if (json.format === 'date-time') return { format: 'date-time' };
  return defined({
    enum: json.enum,
    minLength: json.minLength,
    maxLength: json.maxLength,
    pattern: json.pattern,
  });
}

function integerLimits(json: JsonSchema): StructuralSchema {
  const { minimum, maximum } = json;
  return {
    ...(minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? { minimum } : {}),
    ...(maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? { maximum } : {}),
  };
}

function isIntOrString(json: JsonSchema): boolean {
  const types = json.anyOf?.map((option) => option.type);
  return types?.length === 2 && types.includes('string') && types.includes('integer');
}

function schemaOf(value: unknown, path: string): JsonSchema {
  if (isSchema(value)) return value;
  throw new Error(`${path}: a schema is missing`);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Leaves out the members that are undefined. */
function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const result: { [K in keyof T]?: Exclude<T[K], undefined> } = {};
  for (const key in members) {
    const value = members[key];
    if (isDefined(value)) result[key] = value;
  }
  return result;
}

function isDefined<T>(value: T): value is Exclude<T, undefined> {
  return value !== undefined;
}
