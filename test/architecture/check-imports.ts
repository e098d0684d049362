/** A file or folder → what it may import: files, folders, packages, scopes, or `node`. */
export type ImportTable = Readonly<Record<string, readonly string[]>>;

export interface Import {
  /** The importing file, from the root of the repository. */
  readonly from: string;
  /** The imported file, from the root; or a package as it is imported, or `node:…`. */
  readonly to: string;
}

/**
 * @param files all there are, whether they import anything or not
 * @returns what is wrong, a line each: an import that no row allows, a file that no row knows, a permission nobody needs
 */
export function checkImports(table: ImportTable, files: readonly string[], imports: readonly Import[]): string[] {
  const used = new Set<string>();
  const forbidden = imports.filter(({ from, to }) => {
    const rows = rowsOf(table, from);
    if (rows.some((row) => within(to, row))) return false;
    // A permission that a row further out gives already is one that nobody needs.
    const permission = rows.flatMap((row) => (table[row] ?? []).map((target) => ({ row, target })));
    const granted = permission.find(({ target }) => within(to, target));
    if (granted) used.add(`${granted.row} → ${granted.target}`);
    return granted === undefined;
  });
  const permissions = Object.entries(table).flatMap(([row, targets]) => targets.map((target) => `${row} → ${target}`));
  const rowsInUse = new Set(files.flatMap((file) => rowsOf(table, file)));
  return [
    ...forbidden.map(({ from, to }) => `forbidden: ${from} → ${to}`),
    ...files.filter((file) => rowsOf(table, file).length === 0).map((file) => `in no row: ${file}`),
    ...permissions.filter((permission) => !used.has(permission)).map((permission) => `needed by nobody: ${permission}`),
    ...Object.keys(table)
      .filter((row) => !rowsInUse.has(row))
      .map((row) => `of no file: ${row}`),
  ];
}

/** The rows that hold for a file, from the outermost folder inwards. */
function rowsOf(table: ImportTable, file: string): string[] {
  return Object.keys(table)
    .filter((row) => within(file, row))
    .sort((a, b) => a.length - b.length);
}

function within(path: string, place: string): boolean {
  if (place === 'node') return path.startsWith('node:');
  return path === place || path.startsWith(`${place}/`);
}
