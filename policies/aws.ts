// Resources of AWS: telling them apart, finding what guards what, and reading policy documents.
import { Field } from './fields';
import type { Resource, ResourceReport } from './rule';

/** Whether it is of one of these types, written `<module>/<lower>:<Kind>` as in the type token without the package. */
export function isAws(resource: Resource, ...types: string[]): boolean {
  return types.some((type) => resource.type === `aws:${type}`);
}

/** Whether a property of `from` names `to`: by the resource it is made of, or by its plain name or ARN. */
export function names(from: Resource, property: string, to: Resource): boolean {
  if (from.references[property]?.includes(to.urn)) return true;
  const at = from.props.at(property);
  if (at.unknown || at.text === undefined) return false;
  return ['bucket', 'name', 'id', 'arn'].some((key) => {
    const own = to.props.at(key);
    return !own.unknown && own.text === at.text;
  });
}

/** Statements of an IAM policy document, given as JSON text or as an object. @throws UnknownValue */
export function statementsOf(document: Field): Field[] {
  const text = document.text;
  if (text === undefined) return asList(document.at('Statement'));
  try {
    return asList(new Field(JSON.parse(text), document.path).at('Statement'));
  } catch {
    return [];
  }
}

/** IAM lets a list of one be written without the list. @throws UnknownValue */
export function asList(field: Field): Field[] {
  return field.items.length > 0 ? field.items : field.exists && !Array.isArray(field.value) ? [field] : [];
}

/** Calls `check` with each statement that allows something; unknowns in one leave the others judged. */
export function eachAllow(document: Field, report: ResourceReport, check: (statement: Field) => void): void {
  report.guard(() => {
    for (const statement of statementsOf(document)) {
      report.guard(() => {
        if (statement.at('Effect').text === 'Allow') check(statement);
      });
    }
  });
}

const everywhere = new Set(['0.0.0.0/0', '::/0']);

export function isEverywhere(field: Field): boolean {
  return everywhere.has(field.text ?? '');
}
