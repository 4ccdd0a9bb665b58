import avsc from 'avsc';

/** Where a value breaks its schema. */
export interface InvalidPath {
  /** E.g. `lines[0].amountCents`; entries of maps are `[*]`, as their keys are data. */
  readonly path: string;
  /** What the schema wants there, e.g. `long` or `null or string`. */
  readonly expected: string;
}

const MOST_PATHS = 20;

/** Finds where a value breaks its schema: at most 20 places, at least one. Holds no values and no map keys. */
export const invalidPaths = (type: avsc.Type, value: unknown): readonly InvalidPath[] => {
  const found: InvalidPath[] = [];
  type.isValid(value, {
    errorHook: (path, _value, expected) => {
      if (found.length < MOST_PATHS) found.push({ path: schemaPath(type, path), expected: nameOf(expected) });
    },
  });
  return found.length > 0 ? found : [{ path: '(root)', expected: nameOf(type) }];
};

const schemaPath = (root: avsc.Type, keys: readonly string[]): string => {
  let type: avsc.Type | undefined = root;
  let path = '';
  for (const key of keys) {
    const holder: avsc.Type | undefined = type === undefined ? undefined : withoutNull(type);
    path += segment(holder, key);
    type = inside(holder, key);
  }
  return path === '' ? '(root)' : path.replace(/^\./, '');
};

const segment = (holder: avsc.Type | undefined, key: string): string => {
  if (holder instanceof avsc.types.RecordType) return `.${key}`;
  return holder instanceof avsc.types.ArrayType ? `[${key}]` : '[*]';
};

const inside = (holder: avsc.Type | undefined, key: string): avsc.Type | undefined => {
  if (holder instanceof avsc.types.RecordType) return holder.field(key)?.type;
  if (holder instanceof avsc.types.ArrayType) return holder.itemsType;
  return holder instanceof avsc.types.MapType ? holder.valuesType : undefined;
};

const withoutNull = (type: avsc.Type): avsc.Type | undefined =>
  type instanceof avsc.types.UnwrappedUnionType
    ? type.types.find((branch) => branch.typeName !== 'null')
    : type;

const nameOf = (type: avsc.Type): string => {
  if (type instanceof avsc.types.UnwrappedUnionType) return type.types.map(nameOf).join(' or ');
  return type instanceof avsc.types.EnumType ? `one of ${type.symbols.join(', ')}` : type.typeName;
};
