// Pipedream's Freshsales actions in a Suite account, and npm's freshsales in a Classic one; prints the answers as one JSON object.
// Usage: node --require hosts.cjs freshsales_session.cjs DOMAIN SUITE_KEY CLASSIC_KEY
'use strict';

const { default: Client } = require('freshsales');

const [domain, suiteKey, classicKey] = process.argv.slice(2);
const seen = {};

const action = async (name) => (await import(`@pipedream/freshsales/actions/${name}/${name}.mjs`)).default;

async function pipedream() {
  const { default: app } = await import('@pipedream/freshsales/freshsales.app.mjs');
  const freshsales = { $auth: { api_key: suiteKey, bundle_alias: `${domain}.myfreshworks.com/crm/sales` } };
  for (const [name, method] of Object.entries(app.methods)) freshsales[name] = method.bind(freshsales); // as its platform does
  const run = async (name, props = {}) => (await action(name)).run.call({ freshsales, ...props }, { $: { export() {} } });
  const form = async (name) => (await action(name)).additionalProps.call({ freshsales });

  const contactForm = await form('create-contact');
  const [account] = contactForm.primaryAccount.options;
  const { contact } = await run('create-contact', { email: 'ada@b.example', last_name: 'Rivera', primaryAccount: account.value });
  const dealForm = await form('create-deal');
  const [stage] = dealForm.deal_stage_id.options;
  const { deal } = await run('create-deal', { name: 'Gold', amount: '5600', deal_stage_id: stage.value, sales_account_id: Number(account.value) });
  const contacts = await run('list-all-contacts');
  const deals = await run('list-all-deals');
  seen.pipedream = {
    'in the forms': ['last_name', 'job_title', 'owner_id'].map((name) => name in contactForm),
    contact: [contact.email, (await freshsales._makeRequest({ path: `/contacts/${contact.id}?include=sales_accounts` })).contact.sales_accounts[0].name === account.label],
    deal: [deal.name, deal.amount, deal.deal_stage_id === stage.value],
    listed: [contacts, deals].map((each) => new Set(each.map(({ id }) => id)).size),
    found: [contacts.some(({ id }) => id === contact.id), deals.some(({ id }) => id === deal.id)],
  };
}

async function npm() {
  const client = new Client({ domain, apiKey: classicKey });
  const { data } = await client.request({ method: 'get', url: '/leads/filters' });
  const all = data.filters.find(({ name }) => name === 'All Leads');
  const { data: page } = await client.request({ method: 'get', url: `/leads/view/${all.id}`, params: { per_page: 100 } });
  const { data: made } = await client.request({ method: 'post', url: '/leads', data: { lead: { last_name: 'Adeyemi', email: 'g@b.example' } } });
  const wrong = await new Client({ domain, apiKey: 'wrong' }).request({ url: '/leads/filters' }).catch((error) => error.response.status);
  seen.npm = [page.leads.length, page.meta.total, made.lead.last_name, wrong];
}

pipedream()
  .then(npm)
  .then(() => console.log(JSON.stringify(seen)));
