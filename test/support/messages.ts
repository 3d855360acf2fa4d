import path from 'node:path';
import ts from 'typescript';

/** Something that the code can say, found without running it: `…` stands for what is only known then. */
export interface Message {
  readonly text: string;
  /** The file, from the root of the project. */
  readonly file: string;
}

export interface LoggedMessage extends Message {
  readonly level: string;
}

/** What the bot can say to whoever runs it. */
export interface Messages {
  /** Lines of the log: warnings and worse. */
  readonly logged: readonly LoggedMessage[];
  /** Texts of errors, by the name of the class that is made, or of the nearest one above it that was asked for. */
  readonly errors: (className: string) => readonly Message[];
  /** Texts that functions are called with: the argument, by the name of the function. */
  readonly calls: (name: string, argument: number, folder: string) => readonly Message[];
  /** Whole sentences in a file. */
  readonly sentences: (file: string) => readonly Message[];
  /** Texts in a property of an object, by its name. */
  readonly properties: (name: string, folder: string) => readonly Message[];
  /** The keys of a table in a file, `const name = { key: … }`. */
  readonly keys: (name: string, file: string) => readonly string[];
}

const root = path.join(__dirname, '..', '..');
const SILENT = new Set(['trace', 'debug', 'info']);
const LOUD = new Set(['warn', 'error', 'fatal']);
/** What of a logger says nothing. */
const ASKS_ONLY = new Set(['isLevelEnabled']);

/** The files of the bot; its commands and the simulator speak for themselves. */
function ofTheBot(file: string): boolean {
  return !/^src\/(?:simulator|cli)\//.test(path.relative(root, file));
}

/** Reads all of `src/` that belongs to the bot. */
export function readMessages(): Messages {
  const { options, fileNames } = settings();
  return collect(ts.createProgram(fileNames.filter(ofTheBot), options));
}

/** What examples import, read once. */
const libraries = new Map<string, ts.SourceFile | undefined>();

/** Reads a text as if it stood in a file of `src/`. */
export function readMessagesOf(text: string): Messages {
  const { options } = settings();
  const example = path.join(root, 'src', 'example.ts');
  const host = ts.createCompilerHost(options);
  const getSourceFile: typeof host.getSourceFile = (name, ...rest) => {
    if (name === example) return ts.createSourceFile(name, text, ts.ScriptTarget.ES2023, true);
    if (!libraries.has(name)) libraries.set(name, host.getSourceFile(name, ...rest));
    return libraries.get(name);
  };
  return collect(ts.createProgram([example], options, { ...host, getSourceFile }));
}

function settings(): ts.ParsedCommandLine {
  const { config, error } = ts.readConfigFile(path.join(root, 'tsconfig.build.json'), (file) =>
    ts.sys.readFile(file),
  ) as {
    readonly config: unknown;
    readonly error?: ts.Diagnostic;
  };
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'));
  return ts.parseJsonConfigFileContent(config, ts.sys, root);
}

function collect(program: ts.Program): Messages {
  const checker = program.getTypeChecker();
  const files = program
    .getSourceFiles()
    .filter(({ fileName, isDeclarationFile }) => !isDeclarationFile && ofTheBot(fileName));
  const nodes = files.flatMap((file) => [...everyNode(file)]);

  /** All texts that an expression can be; undefined where that cannot be told. */
  const textsOf = (expression: ts.Expression): readonly string[] | undefined => {
    if (ts.isParenthesizedExpression(expression)) return textsOf(expression.expression);
    if (ts.isConditionalExpression(expression)) {
      const [one, other] = [textsOf(expression.whenTrue), textsOf(expression.whenFalse)];
      return one && other && [...one, ...other];
    }
    if (ts.isTemplateExpression(expression)) {
      return expression.templateSpans.reduce(
        (texts, { expression: part, literal }) =>
          texts.flatMap((text) => (textsOf(part) ?? ['…']).map((value) => text + value + literal.text)),
        [expression.head.text],
      );
    }
    const type = checker.getTypeAtLocation(expression);
    const types = type.isUnion() ? type.types : [type];
    return types.every((one) => one.isStringLiteral()) ? types.map(({ value }) => value) : undefined;
  };

  const needed = (expression: ts.Expression | undefined, node: ts.Node): readonly string[] => {
    const texts = expression && textsOf(expression);
    if (!texts) throw new Error(`What is said here cannot be told beforehand: ${describe(node)}`);
    return texts;
  };

  const messages = (node: ts.Node, texts: readonly string[]): readonly Message[] =>
    texts.map((text) => ({ text: text.trim(), file: fileOf(node) }));

  const isLogger = (node: ts.Node) => checker.getTypeAtLocation(node).getProperty('isLevelEnabled') !== undefined;

  for (const pattern of nodes.filter(ts.isObjectBindingPattern)) {
    if (isLogger(pattern)) throw new Error(`The log is used in a way that is not known here: ${describe(pattern)}`);
  }

  const logged = nodes.filter(isAccess).flatMap((access): readonly LoggedMessage[] => {
    if (!isLogger(access.expression)) return [];
    const levels = ts.isPropertyAccessExpression(access)
      ? [access.name.text]
      : needed(access.argumentExpression, access);
    if (levels.every((level) => SILENT.has(level) || ASKS_ONLY.has(level))) return [];
    const call = access.parent;
    if (!levels.every((level) => SILENT.has(level) || LOUD.has(level)) || !isCallOf(call, access)) {
      throw new Error(`The log is used in a way that is not known here: ${describe(call)}`);
    }
    const said = call.arguments.at(-1);
    if (!said || call.arguments.length > 2) throw new Error(`No line with one message: ${describe(call)}`);
    const wrapper = wrapperOf(said);
    if (wrapper) return saidThrough(wrapper, said, access);
    return levels
      .filter((level) => LOUD.has(level))
      .flatMap((level) => messages(call, needed(said, call)).map((message) => ({ ...message, level })));
  });

  /** A function beside that only passes on what it is called with, like `say('error', '…')`. */
  function saidThrough(wrapper: Wrapper, said: ts.Expression, access: Access): readonly LoggedMessage[] {
    const level = ts.isElementAccessExpression(access) ? access.argumentExpression : undefined;
    const [levelAt, textAt] = [level, said].map((one) => wrapper.parameters.indexOf(one?.getText() ?? ''));
    const calls = [...everyNode(access.getSourceFile())]
      .filter(ts.isCallExpression)
      .filter(({ expression }) => ts.isIdentifier(expression) && expression.text === wrapper.name);
    if (calls.length === 0) throw new Error(`Nobody calls ${wrapper.name}: ${describe(access)}`);
    return calls.flatMap((call) =>
      needed(call.arguments[levelAt ?? -1], call)
        .filter((one) => LOUD.has(one))
        .flatMap((one) =>
          messages(call, needed(call.arguments[textAt ?? -1], call)).map((message) => ({ ...message, level: one })),
        ),
    );
  }

  const ancestry = (type: ts.Type): readonly string[] => [
    type.symbol.name,
    ...(type.isClassOrInterface() ? checker.getBaseTypes(type).flatMap(ancestry) : []),
  ];

  const within = (folder: string) => (node: ts.Node) => fileOf(node).startsWith(folder);

  return {
    logged,
    errors: (className) =>
      nodes
        .filter(ts.isNewExpression)
        .filter((node) => ancestry(checker.getTypeAtLocation(node)).includes(className))
        .flatMap((node) => messages(node, needed(node.arguments?.[0], node))),
    calls: (name, argument, folder) =>
      nodes
        .filter(ts.isCallExpression)
        .filter(within(folder))
        .filter(({ expression }) => nameOf(expression) === name)
        .flatMap((node) => {
          const said = node.arguments[argument];
          return said ? messages(node, needed(said, node)) : [];
        }),
    sentences: (file) =>
      nodes
        .filter(within(file))
        .filter((node): node is ts.Expression => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node))
        .flatMap((node) => messages(node, textsOf(node) ?? []))
        .filter(({ text }) => /^[A-Z].* /.test(text)),
    properties: (name, folder) =>
      nodes
        .filter((node) => ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node))
        .filter(within(folder))
        .filter((node) => node.name.getText() === name)
        .flatMap(({ initializer }) => {
          if (!initializer) return [];
          const said = ts.isArrowFunction(initializer) ? initializer.body : initializer;
          return messages(said, (ts.isExpression(said) ? textsOf(said) : undefined) ?? []);
        }),
    keys: (name, file) =>
      nodes
        .filter(ts.isVariableDeclaration)
        .filter(within(file))
        .filter((node) => node.name.getText() === name)
        .flatMap(({ initializer }) =>
          initializer && ts.isObjectLiteralExpression(initializer)
            ? initializer.properties.map((property) => (property.name?.getText() ?? '').replaceAll("'", ''))
            : [],
        ),
  };
}

/** The last part of what is called: of `a.b()`, it is `b`. */
function nameOf(callee: ts.Expression): string | undefined {
  if (ts.isPropertyAccessExpression(callee)) return callee.name.text;
  return ts.isIdentifier(callee) ? callee.text : undefined;
}

type Access = ts.PropertyAccessExpression | ts.ElementAccessExpression;

function isAccess(node: ts.Node): node is Access {
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
}

function isCallOf(node: ts.Node, callee: ts.Node): node is ts.CallExpression {
  return ts.isCallExpression(node) && node.expression === callee;
}

interface Wrapper {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** The function, `const name = (…) => …`, of which an expression is a parameter. */
function wrapperOf(expression: ts.Expression): Wrapper | undefined {
  for (let node: ts.Node = expression; !ts.isSourceFile(node); node = node.parent) {
    if (!ts.isArrowFunction(node) || !ts.isVariableDeclaration(node.parent)) continue;
    const parameters = node.parameters.map(({ name }) => name.getText());
    if (parameters.includes(expression.getText())) return { name: node.parent.name.getText(), parameters };
  }
  return undefined;
}

function* everyNode(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* everyNode(child);
}

function fileOf(node: ts.Node): string {
  return path.relative(root, node.getSourceFile().fileName);
}

function describe(node: ts.Node): string {
  const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart());
  return `${fileOf(node)}:${line + 1}: ${node.getText().slice(0, 200)}`;
}
