// Renders one parsed doc comment as paragraphs of Markdown: summary, parameters, result, errors, examples.
// Below api-page.mjs. TSDoc keeps Markdown as text, so most of it goes through as it was written.
import {DocNodeKind} from '@microsoft/tsdoc';

const titles = {'@throws': '**Throws** ', '@defaultValue': 'Default: ', '@example': ''};

/** Services of the page: `to` gives the link to a name or undefined, `isWord` whether it is one in prose; `problem` takes complaints. */
export function renderComment(doc, page) {
  const render = node => renderNode(node, page).trim();
  const parameters = [...doc.params.blocks, ...doc.typeParams.blocks];
  // Examples come last, whatever follows them in the source.
  const isExample = ({blockTag}) => blockTag.tagName === '@example';
  const blocks = [...doc.customBlocks.filter(block => !isExample(block)), ...doc.customBlocks.filter(isExample)];
  return [
    ...(doc.deprecatedBlock ? [`**Deprecated.** ${render(doc.deprecatedBlock.content)}`] : []),
    render(doc.summarySection),
    ...(doc.remarksBlock ? [render(doc.remarksBlock.content)] : []),
    parameters.map(block => `- \`${block.parameterName}\`: ${render(block.content)}`).join('\n'),
    ...(doc.returnsBlock ? [`**Returns** ${render(doc.returnsBlock.content)}`] : []),
    ...blocks.map(({blockTag: {tagName}, content}) => {
      const text = render(content);
      if (tagName === '@example' && !text.includes('```')) page.problem('@example needs a fenced block of code');
      return `${titles[tagName] ?? `**${tagName.slice(1)}** `}${text}`;
    }),
    ...doc.seeBlocks.map(block => `See ${render(block.content)}`),
  ].filter(paragraph => paragraph !== '');
}

function renderNode(node, page) {
  const children = () =>
    node
      .getChildNodes()
      .map(child => renderNode(child, page))
      .join('');
  switch (node.kind) {
    case DocNodeKind.Paragraph:
      return `${children().trim()}\n\n`;
    case DocNodeKind.PlainText:
      return node.text
        .replaceAll(/\b[A-Z]\w+/g, name => (page.isWord(name) && page.to(name)) || name)
        .replaceAll(/\bdocs\/(\w+\/([\w-]+)\.md)/g, '[$2](../$1)');
    case DocNodeKind.SoftBreak:
      return '\n';
    case DocNodeKind.CodeSpan:
      return page.to(node.code)?.replace(/^\[(.*)\]/, '[`$1`]') ?? `\`${node.code}\``;
    case DocNodeKind.FencedCode:
      return `\`\`\`${node.language}\n${node.code.trimEnd()}\n\`\`\`\n\n`;
    case DocNodeKind.LinkTag:
      return renderLink(node, page);
    case DocNodeKind.EscapedText:
      return node.decodedText;
    case DocNodeKind.ErrorText:
      return node.text;
    case DocNodeKind.HtmlStartTag:
    case DocNodeKind.HtmlEndTag:
      return node.emitAsHtml();
    case DocNodeKind.Section:
      return children();
    default:
      page.problem(`${node.kind} is not rendered`);
      return '';
  }
}

function renderLink({linkText, urlDestination, codeDestination}, page) {
  if (urlDestination) return `[${linkText ?? urlDestination}](${urlDestination})`;
  const name = codeDestination?.memberReferences.map(({memberIdentifier}) => memberIdentifier?.identifier).join('.');
  const link = name === undefined ? undefined : page.to(name);
  if (!link) page.problem(`{@link ${name}} leads to no other name of the page`);
  const text = linkText ?? `\`${name}\``;
  return link?.replace(/^\[.*\]/, `[${text}]`) ?? text;
}
