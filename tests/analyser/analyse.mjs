// Reads from standard input, as JSON:
//   {"schema": {section: {table: {column: KQL type}}}, "queries": [{"name", "section", "text"}, …]}
// and prints what Microsoft's language service says of each query, with its section's tables and no others:
//   [{"name", "diagnostics": [{"severity", "code", "message", "line", "text"}, …], "columns": [{"name", "type"}, …]}, …]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The package is compiled C#: its files are scripts that leave `Bridge` and `Kusto` on the global object.
// The minified ones load in a quarter of a second.
const require = createRequire(import.meta.url);
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { Bridge, Kusto } = globalThis;
const { GlobalState, KustoCode, Symbols } = Kusto.Language;

function stateOf(section, tables) {
  const symbols = Object.entries(tables).map(
    ([table, columns]) =>
      new Symbols.TableSymbol.$ctor4(
        table,
        Object.entries(columns).map(([column, type]) => {
          const symbol = Symbols.ScalarTypes.GetSymbol(type);
          if (!symbol) throw new Error(`${section}.${table}.${column}: ${type} is no KQL type`);
          return new Symbols.ColumnSymbol(column, symbol, null, null, null, null);
        }),
      ),
  );
  return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor(section, symbols));
}

function analyse({ name, section, text }) {
  const code = KustoCode.ParseAndAnalyze(text, states[section]);
  // Two kinds: what the compiler says (errors, fuzzy names), and what its checkers say (correctness, speed).
  const checkers = new Kusto.Language.Editor.KustoCodeService.ctor(code);
  const diagnostics = [
    ...Bridge.toArray(code.GetDiagnostics()),
    ...Bridge.toArray(checkers.GetAnalyzerDiagnostics(true)),
  ].map(({ Severity, Code, Message, Start, Length }) => ({
    severity: Severity,
    code: Code,
    message: Message,
    line: text.slice(0, Start).split("\n").length,
    text: text.slice(Start, Start + Length),
  }));
  const result = code.ResultType?.Columns;
  const columns = result ? Bridge.toArray(result).map(({ Name, Type }) => ({ name: Name, type: Type.Name })) : [];
  return { name, diagnostics, columns };
}

const { schema, queries } = JSON.parse(readFileSync(0, "utf8"));
const states = Object.fromEntries(Object.entries(schema).map(([section, tables]) => [section, stateOf(section, tables)]));
process.stdout.write(JSON.stringify(queries.map(analyse)));
