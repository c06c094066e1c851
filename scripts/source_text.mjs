/** Reads TypeScript as text: what is code, what is a comment or a string, and what a file imports. */

const REGEX_BEFORE =
	/(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|delete|void|throw|new|await|yield|else|do))\s*$/;

/**
 * `code`: the text with comments and the insides of strings blanked; `comments`: with only the comments blanked.
 * Both keep every line and column in place.
 */
export function mask(text) {
	const code = text.split("");
	const comments = text.split("");
	const blank = (from, to, target) => {
		for (let i = from; i < to; i++) if (text[i] !== "\n") target[i] = " ";
	};
	// The depth of braces at which each enclosing template literal goes on.
	const templates = [];
	let depth = 0;
	let at = 0;

	const templateEnd = (start) => {
		let i = start;
		while (i < text.length && text[i] !== "`" && !text.startsWith("${", i)) i += text[i] === "\\" ? 2 : 1;
		blank(start, i, code);
		if (text.startsWith("${", i)) {
			templates.push(depth++);
			return i + 2;
		}
		return i + 1;
	};

	while (at < text.length) {
		const char = text[at];
		if (text.startsWith("//", at) || text.startsWith("/*", at)) {
			const end = text.startsWith("//", at) ? text.indexOf("\n", at) : text.indexOf("*/", at + 2) + 2;
			const stop = end < at + 2 ? text.length : end;
			blank(at, stop, code);
			blank(at, stop, comments);
			at = stop;
		} else if (char === '"' || char === "'") {
			let end = at + 1;
			while (end < text.length && text[end] !== char && text[end] !== "\n") end += text[end] === "\\" ? 2 : 1;
			blank(at + 1, end, code);
			at = end + 1;
		} else if (char === "`") {
			at = templateEnd(at + 1);
		} else if (char === "/" && REGEX_BEFORE.test(code.slice(Math.max(0, at - 40), at).join(""))) {
			let end = at + 1;
			for (let inClass = false; end < text.length && text[end] !== "\n" && (inClass || text[end] !== "/"); end++) {
				if (text[end] === "\\") end++;
				else if (text[end] === "[") inClass = true;
				else if (text[end] === "]") inClass = false;
			}
			blank(at + 1, end, code);
			at = end + 1;
		} else {
			if (char === "{") depth++;
			if (char === "}" && --depth === templates.at(-1)) {
				templates.pop();
				at = templateEnd(at + 1);
			} else at++;
		}
	}
	return { code: code.join(""), comments: comments.join("") };
}

/** The line of an index, counted from 1. */
export function lineAt(text, index) {
	return text.slice(0, index).split("\n").length;
}

const STATIC_IMPORT = /\b(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s*\bfrom\s*)?(["'])( *)\2/g;
const LAZY_IMPORT = /\bimport\s*\(\s*(["'`])( *)\1/g;

/** What a text imports: `{ specifier, line, lazy, typeOnly }`, re-exports included. */
export function importsOf(text, { code }) {
	const found = [];
	const add = (match, length, lazy, typeOnly) => {
		const end = match.index + match[0].length - 1;
		found.push({ specifier: text.slice(end - length, end), line: lineAt(text, match.index), lazy, typeOnly });
	};
	for (const match of code.matchAll(STATIC_IMPORT)) {
		const names = /\{([^}]*)\}/
			.exec(match[0])?.[1]
			?.split(",")
			.filter((name) => name.trim() !== "");
		const everyName = names !== undefined && names.length > 0 && names.every((name) => /^\s*type\s/.test(name));
		add(match, match[3].length, false, match[1] !== undefined || everyName);
	}
	for (const match of code.matchAll(LAZY_IMPORT)) add(match, match[2].length, true, false);
	return found;
}
