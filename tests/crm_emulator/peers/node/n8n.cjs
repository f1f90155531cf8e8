// As much of n8n as its nodes touch when they run: parameters, credentials and requests. The nodes themselves are n8n's,
// unchanged; what they ask goes to the address that they know (see hosts.cjs).
'use strict';

const axios = require('axios');
const get = require('lodash/get');

// A value that a credential writes as an expression: "=Token token={{$credentials?.apiKey}}".
const resolved = (text, credentials) =>
  text.startsWith('=') ? text.slice(1).replace(/\{\{\$credentials\??\.(\w+)\}\}/g, (_, name) => credentials[name]) : text;

/** Return a function that runs a node once: (parameters) => its items, as plain JSON. */
function runner(node, credential, credentials) {
  const described = (name, parameters) =>
    node.description.properties.find(
      ({ name: each, displayOptions }) =>
        each === name &&
        Object.entries(displayOptions?.show ?? {}).every(([key, values]) => !(key in parameters) || values.includes(parameters[key])),
    )?.default;

  const requestWithAuthentication = async (_name, { uri, url, method, qs, body, headers, resolveWithFullResponse }) => {
    const signed = { ...headers };
    for (const [name, value] of Object.entries(credential.authenticate.properties.headers)) signed[name] = resolved(value, credentials);
    const answer = await axios({ url: uri ?? url, method, params: qs, data: body, headers: signed, paramsSerializer: { indexes: true }, validateStatus: () => true });
    if (answer.status >= 400) {
      throw Object.assign(new Error(`${answer.status} - ${JSON.stringify(answer.data)}`), { statusCode: answer.status, error: answer.data });
    }
    return resolveWithFullResponse ? { body: answer.data, headers: answer.headers, statusCode: answer.status } : answer.data;
  };

  const context = (parameters) => ({
    getInputData: () => [{ json: {} }],
    getNode: () => ({ name: node.description.name, type: node.description.name, typeVersion: 1 }),
    getCredentials: async () => credentials,
    getTimezone: () => 'Europe/Vienna',
    continueOnFail: () => false,
    getNodeParameter: (name, _item, fallback) => get(parameters, name) ?? fallback ?? described(name, parameters),
    helpers: {
      requestWithAuthentication,
      returnJsonArray: (data) => (Array.isArray(data) ? data : [data]).map((json) => ({ json })),
      constructExecutionMetaData: (items) => items,
    },
  });

  const run = async (parameters) => (await node.execute.call(context(parameters)))[0].map((item) => item.json);
  return Object.assign(run, { context });
}

/** Return the status and the words with which a node refuses to go on, or null. */
async function refused(action) {
  try {
    await action();
    return null;
  } catch (error) {
    return [error.httpCode ?? error.name, [error.message, error.description].filter(Boolean).join(' | ')];
  }
}

module.exports = { refused, runner };
