CREATE TABLE public.fresh_keys (
    object_id integer NOT NULL,
    attribute text NOT NULL,
    value text NOT NULL,
    crm_id text NOT NULL,
    at double precision NOT NULL
);
CREATE TABLE public.held (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    number integer NOT NULL,
    state text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    status integer,
    sent text,
    message bytea NOT NULL,
    schema_id text NOT NULL,
    at double precision NOT NULL,
    run_id text NOT NULL
);
CREATE TABLE public.history (
    id integer NOT NULL,
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    run_id text NOT NULL,
    at double precision NOT NULL,
    action text NOT NULL,
    crm_id text,
    fields text NOT NULL,
    keys text NOT NULL,
    record text,
    request_id text,
    reason text DEFAULT ''::text NOT NULL,
    changes text
);
CREATE SEQUENCE public.history_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.intents (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    action text NOT NULL,
    crm_id text,
    payload text NOT NULL,
    keys text NOT NULL,
    record_hash bytea,
    digest text,
    sent_at double precision NOT NULL,
    server_at double precision NOT NULL,
    run_id text NOT NULL,
    links text DEFAULT '[]'::text NOT NULL
);
CREATE TABLE public.ledger_version (
    version integer NOT NULL
);
CREATE TABLE public.links (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    attribute text NOT NULL,
    stream text NOT NULL,
    on_source_id text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    at double precision NOT NULL
);
CREATE TABLE public.objects (
    id integer NOT NULL,
    crm text NOT NULL,
    account text NOT NULL,
    object text NOT NULL
);
CREATE SEQUENCE public.objects_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.records (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    crm_id text,
    origin text NOT NULL,
    record_hash bytea,
    digest text,
    written_at double precision NOT NULL,
    run_id text NOT NULL
);
CREATE TABLE public.schemas (
    id text NOT NULL,
    message bytea NOT NULL
);
CREATE TABLE public.scopes (
    id integer NOT NULL,
    object_id integer NOT NULL,
    source_name text NOT NULL,
    stream text NOT NULL
);
CREATE SEQUENCE public.scopes_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.seen (
    scope_id integer NOT NULL,
    version text NOT NULL,
    source_id text NOT NULL
);
CREATE TABLE public.waits (
    scope_id integer NOT NULL,
    source_id text NOT NULL,
    stream text NOT NULL,
    on_source_id text NOT NULL
);
INSERT INTO public.fresh_keys VALUES (1, 'email_domain', 'one.example', '27140359', 1795955997.081207);
INSERT INTO public.fresh_keys VALUES (1, 'email_domain', 'two.example', '27140360', 1795955997.081207);
INSERT INTO public.fresh_keys VALUES (1, 'name', 'béta gmbh & söhne', '27140360', 1795955997.081207);
INSERT INTO public.fresh_keys VALUES (1, 'name', 'company 1', '27140359', 1795955997.081207);
INSERT INTO public.fresh_keys VALUES (1, 'name', 'company c8', '27140363', 1795955998.244354);
INSERT INTO public.fresh_keys VALUES (1, 'name', 'company c9', '27140364', 1795956084.9422445);
INSERT INTO public.fresh_keys VALUES (1, 'name', 'long', '27140362', 1795955997.081207);
INSERT INTO public.fresh_keys VALUES (1, 'name', '第三', '27140361', 1795955997.081207);
INSERT INTO public.fresh_keys VALUES (2, 'company_id', '27140359', '27140365', 1795955998.257775);
INSERT INTO public.fresh_keys VALUES (2, 'company_id', '27140359', '27140366', 1795956000.4512308);
INSERT INTO public.fresh_keys VALUES (2, 'company_id', '27140360', '27140372', 1795955997.1853344);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'brake@example.org', '27140375', 1795956002.2675533);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'gone@example.org', '27140374', 1795956002.2538137);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'mary@example.org', '27140360', 1795955997.1697488);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'p1@example.org', '27140365', 1795955998.257775);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'p2@example.org', '27140366', 1795956000.4512308);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'p3@example.org', '27140367', 1795955999.3880453);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'p4@example.org', '27140368', 1795955997.1623313);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'p5@example.org', '27140369', 1795955997.1623313);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'p6@example.org', '27140370', 1795955997.1623313);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'pleaver@example.org', '27140371', 1795955997.1623313);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'ponly-here@example.org', '27140373', 1795956000.4715788);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'ps2@example.org', '27140372', 1795955997.1853344);
INSERT INTO public.fresh_keys VALUES (2, 'emails', 'sam@example.org', '27140361', 1795955997.1535327);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'bad brake', '27140375', 1795956002.2675533);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'bad gone', '27140374', 1795956002.2538137);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'matched mary', '27140360', 1795955997.1697488);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'matched sam', '27140361', 1795955997.1535327);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'person 1', '27140365', 1795955998.257775);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'person 2', '27140366', 1795956000.4512308);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'person 3', '27140367', 1795955999.3880453);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'person 4', '27140368', 1795955997.1623313);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'person 5', '27140369', 1795955997.1623313);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'person 6', '27140370', 1795955997.1623313);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'person leaver', '27140371', 1795955997.1623313);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'person only-here', '27140373', 1795956000.4715788);
INSERT INTO public.fresh_keys VALUES (2, 'name', 'person s2', '27140372', 1795955997.1853344);
INSERT INTO public.fresh_keys VALUES (3, 'company_id', '27140359', '27140359', 1795955997.1992192);
INSERT INTO public.fresh_keys VALUES (3, 'company_id', '27140363', '27140361', 1795955998.334813);
INSERT INTO public.fresh_keys VALUES (3, 'name', 'deals with nobody', '27140360', 1795955997.1992192);
INSERT INTO public.fresh_keys VALUES (3, 'name', 'deals with one', '27140359', 1795955997.1992192);
INSERT INTO public.fresh_keys VALUES (3, 'name', 'more_deals 8', '27140361', 1795955998.334813);
INSERT INTO public.fresh_keys VALUES (3, 'name', 'more_deals 9', '27140362', 1795955997.2117593);
INSERT INTO public.fresh_keys VALUES (3, 'primary_contact_id', '27140365', '27140359', 1795955997.1992192);
INSERT INTO public.fresh_keys VALUES (5, 'parent', 'person:27140359', '3064242278', 1795955997.2285178);
INSERT INTO public.fresh_keys VALUES (6, 'name', 'project 1', '27140359', 1795956045.7499804);
INSERT INTO public.fresh_keys VALUES (6, 'name', 'project 2', '27140360', 1795955997.2482104);
INSERT INTO public.fresh_keys VALUES (6, 'name', 'project 3', '27140361', 1795955997.2482104);
INSERT INTO public.fresh_keys VALUES (6, 'name', 'project 4', '27140362', 1795956046.0603685);
INSERT INTO public.fresh_keys VALUES (7, 'email', 'leads1@x.org', '27140359', 1795955997.2607741);
INSERT INTO public.fresh_keys VALUES (7, 'email', 'leads2@x.org', '27140360', 1795955997.2607741);
INSERT INTO public.fresh_keys VALUES (7, 'email', 'leads3@x.org', '27140361', 1795955997.2607741);
INSERT INTO public.fresh_keys VALUES (7, 'email', 'leads4@x.org', '27140362', 1795955997.2607741);
INSERT INTO public.fresh_keys VALUES (7, 'email', 'old_leads1@x.org', '27140363', 1795955997.274015);
INSERT INTO public.fresh_keys VALUES (7, 'email', 'old_leads2@x.org', '27140364', 1795955997.274015);
INSERT INTO public.fresh_keys VALUES (7, 'name', 'leads 1', '27140359', 1795955997.2607741);
INSERT INTO public.fresh_keys VALUES (7, 'name', 'leads 2', '27140360', 1795955997.2607741);
INSERT INTO public.fresh_keys VALUES (7, 'name', 'leads 3', '27140361', 1795955997.2607741);
INSERT INTO public.fresh_keys VALUES (7, 'name', 'leads 4', '27140362', 1795955997.2607741);
INSERT INTO public.fresh_keys VALUES (7, 'name', 'old_leads 1', '27140363', 1795955997.274015);
INSERT INTO public.fresh_keys VALUES (7, 'name', 'old_leads 2', '27140364', 1795955997.274015);
INSERT INTO public.held VALUES (2, 'late-1', 1, 'waiting', 'missing_reference', 'company_id: the record of stream companies is not in the CRM yet', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a202270656f706c65222c20227265636f7264223a207b226964223a20226c6174652d31222c20226e616d65223a2022506572736f6e206c6174652d31222c2022656d61696c223a2022706c6174652d31406578616d706c652e6f7267222c2022636f6d70616e79223a20226c617465227d7d', '98f7c9fd44ee8a12a4db0efb2e8fe69a', 1795955997.0943844, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.held VALUES (3, 's1', 35, 'waiting', 'missing_reference', 'company_id: companies with that email_domain is not in the CRM yet', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20227374616666222c20227265636f7264223a207b226964223a20227331222c20226e616d65223a2022506572736f6e207331222c2022656d61696c223a2022707331406578616d706c652e6f7267222c2022656d706c6f796572223a20226e6f77686572652e6578616d706c65227d7d', '42eee04d466e8e78dcdf831cc2b68d91', 1795956084.8457587, '5ce2b61e9c654bf7bfac64df731251b4');
INSERT INTO public.held VALUES (9, '1', 28, 'deleting', 'delete', '', NULL, '{"object":"leads","crm_id":27140359,"scope_id":9}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226c65616473222c20227265636f7264223a207b226964223a20312c20226e616d65223a20226c656164732031222c2022656d61696c223a20226c656164733140782e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', 'acc6eda983d68546ad183daa364fe0eb', 1795956011.5393984, '45999fbf570f4cb7b76bb477ffb2aa60');
INSERT INTO public.held VALUES (9, '2', 29, 'deleting', 'delete', '', NULL, '{"object":"leads","crm_id":27140360,"scope_id":9}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226c65616473222c20227265636f7264223a207b226964223a20322c20226e616d65223a20226c656164732032222c2022656d61696c223a20226c656164733240782e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', 'acc6eda983d68546ad183daa364fe0eb', 1795956011.5546017, '45999fbf570f4cb7b76bb477ffb2aa60');
INSERT INTO public.held VALUES (10, '1', 33, 'deleting', 'delete', '', NULL, '{"object":"leads","crm_id":27140363,"scope_id":10}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226f6c645f6c65616473222c20227265636f7264223a207b226964223a20312c20226e616d65223a20226f6c645f6c656164732031222c2022656d61696c223a20226f6c645f6c656164733140782e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', '689d37c9c8440b6cad044bebf3a9d94a', 1795956083.6106176, '548a09fa999649908926756343cf7c30');
INSERT INTO public.held VALUES (10, '2', 34, 'deleting', 'delete', '', NULL, '{"object":"leads","crm_id":27140364,"scope_id":10}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226f6c645f6c65616473222c20227265636f7264223a207b226964223a20322c20226e616d65223a20226f6c645f6c656164732032222c2022656d61696c223a20226f6c645f6c656164733240782e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', '689d37c9c8440b6cad044bebf3a9d94a', 1795956083.6153429, '548a09fa999649908926756343cf7c30');
INSERT INTO public.held VALUES (12, 'late-2', 3, 'waiting', 'missing_reference', 'company_id: the record of stream companies is not in the CRM yet', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a202270656f706c65222c20227265636f7264223a207b226964223a20226c6174652d32222c20226e616d65223a2022506572736f6e206c6174652d32222c2022656d61696c223a2022706c6174652d32406578616d706c652e6f7267222c2022636f6d70616e79223a20226c617465227d7d', '98f7c9fd44ee8a12a4db0efb2e8fe69a', 1795956000.4266007, '040d37658ada47e8ba731c8d8b362a58');
INSERT INTO public.held VALUES (13, '7', 18, 'rejected', 'gone', 'The CRM no longer has record 27140374. Restore it there, or set when_gone to match_again.', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f676f6e65222c20227265636f7264223a207b226964223a20372c20226e616d65223a202242616420676f6e65222c2022656d61696c223a2022676f6e65406578616d706c652e6f7267222c20227469746c65223a20224368616e676564227d7d', '6bdc6a872efb1946b4c596d798560a7c', 1795956003.486422, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (14, '7', 22, 'rejected', 'brake', '1 records would be deleted, more than max_deletes (0). Nothing was deleted. If that is right, raise max_deletes for one run.', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f6272616b65222c20227265636f7264223a207b226964223a20372c20226e616d65223a2022426164206272616b65222c2022656d61696c223a20226272616b65406578616d706c652e6f7267222c20225f7364635f64656c657465645f6174223a2022323032362d30312d30315430303a30303a30305a227d7d', '001de30d9cbd877d21f231d03e59fbba', 1795956004.9467163, 'a47dbc2d54aa4cc9bfeda2ece93c660d');
INSERT INTO public.held VALUES (15, '7', 5, 'rejected', 'schema', 'name: the value is not of types "null", "string"', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f736368656d61222c20227265636f7264223a207b226964223a20372c20226e616d65223a20352c2022656d61696c223a2022736368656d61406578616d706c652e6f7267227d7d', 'dabafcb4dc630d8657a1725cf49c0e33', 1795956003.424481, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (16, '#9d0b7c1d170866273de13fa2ba08658e', 6, 'rejected', 'stream_map', 'The stream map failed: MapExpressionError: Failed to evaluate simpleeval expressions name.upper().', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f73747265616d5f6d6170222c20227265636f7264223a207b226964223a20372c20226e616d65223a206e756c6c2c2022656d61696c223a202273747265616d5f6d6170406578616d706c652e6f7267227d7d', '7d71ad036ab70738c7b839bda506df27', 1795956003.4285343, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (17, '#bfdace5a461152baf5b3f581b5fc61f2', 7, 'rejected', 'not_json', 'It holds what JSON cannot carry: Encoding objects of type NotJson is unsupported', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f6e6f745f6a736f6e222c20227265636f7264223a207b226964223a20372c20226e616d65223a2022426164206e6f745f6a736f6e222c2022656d61696c223a20226e6f745f6a736f6e406578616d706c652e6f7267222c20227469746c65223a204e614e7d7d', '6b0ea3591bd5fbbfb49265a078b508f0', 1795956003.431423, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (18, '#8c91ffca70cf71974a681e874f160359', 8, 'rejected', 'no_source_id', 'id is null: without its source id a record cannot be told from others', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f6e6f5f736f757263655f6964222c20227265636f7264223a207b226964223a206e756c6c2c20226e616d65223a2022426164206e6f5f736f757263655f6964222c2022656d61696c223a20226e6f5f736f757263655f6964406578616d706c652e6f7267227d7d', '42e32661ed6a84b37d4c44ab46537bd3', 1795956003.4342277, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (19, '7', 9, 'rejected', 'unknown_attribute', 'mystery is not sent: people have no such attribute. Rename it with a stream map, or list it under exclude', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f756e6b6e6f776e5f617474726962757465222c20227265636f7264223a207b226964223a20372c20226e616d65223a202242616420756e6b6e6f776e5f617474726962757465222c2022656d61696c223a2022756e6b6e6f776e5f617474726962757465406578616d706c652e6f7267222c20226d797374657279223a20317d7d', 'a1ca18b29948ebd90d8bd230f87093d0', 1795956003.437807, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (20, '7', 10, 'rejected', 'unknown_name', 'assignee_id names nothing in the CRM''s users, which are: Ada Lovelace, Grace Hopper, Søren Kierkegaard, José Álvarez, Mary Jackson, Sam Twin, Sam Twin. Correct it, or set unknown_names', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f756e6b6e6f776e5f6e616d65222c20227265636f7264223a207b226964223a20372c20226e616d65223a202242616420756e6b6e6f776e5f6e616d65222c2022656d61696c223a2022756e6b6e6f776e5f6e616d65406578616d706c652e6f7267222c202261737369676e6565223a20224e6577636f6d6572227d7d', '550fd5032e6db2a2f828914c2b623b66', 1795956003.4432712, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (21, '7', 11, 'rejected', 'ambiguous_name', 'assignee_id names several of the CRM''s users: 137663, 137664. Give the id', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f616d626967756f75735f6e616d65222c20227265636f7264223a207b226964223a20372c20226e616d65223a202242616420616d626967756f75735f6e616d65222c2022656d61696c223a2022616d626967756f75735f6e616d65406578616d706c652e6f7267222c202261737369676e6565223a202253616d205477696e227d7d', 'bb58ef0eaad48193297e043360fb859f', 1795956003.446833, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (22, '7', 12, 'rejected', 'invalid_value', 'title wants text', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f696e76616c69645f76616c7565222c20227265636f7264223a207b226964223a20372c20226e616d65223a202242616420696e76616c69645f76616c7565222c2022656d61696c223a2022696e76616c69645f76616c7565406578616d706c652e6f7267222c20227469746c65223a205b226e6f222c202274657874225d7d7d', '9b72afb0640d71d6558a5a1287f6b421', 1795956003.4502246, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (23, '7', 13, 'rejected', 'missing_required', 'name is missing, without which people cannot be created. Give it with a stream map', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f6d697373696e675f7265717569726564222c20227265636f7264223a207b226964223a20372c20226e616d65223a206e756c6c2c2022656d61696c223a20226d697373696e675f7265717569726564406578616d706c652e6f7267227d7d', '4dd850a6952b7832b2b883520539bdcd', 1795956003.4562151, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (24, '7', 14, 'rejected', 'no_match_key', 'It has no value for any match key of the stream. Give it one, or set no_match_key to create.', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f6e6f5f6d617463685f6b6579222c20227265636f7264223a207b226964223a20372c20226e616d65223a2022426164206e6f5f6d617463685f6b6579222c2022656d61696c223a206e756c6c7d7d', '25590e3f3dc696942b340f7cdf50f56d', 1795956003.4597108, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (25, '7', 15, 'rejected', 'ambiguous', '2 records of the CRM match by title: 27140363, 27140364. Nothing was written. Merge them in the CRM, or choose another match_on.', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f616d626967756f7573222c20227265636f7264223a207b226964223a20372c20226e616d65223a202242616420616d626967756f7573222c2022656d61696c223a2022616d626967756f7573406578616d706c652e6f7267222c20227469746c65223a202253616d65227d7d', 'ce99f6238274f7a400f03dbc83878a24', 1795956003.4656913, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (26, '7', 16, 'rejected', 'missing_reference', 'company_id: the record of stream companies is not in the CRM yet', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f6d697373696e675f7265666572656e6365222c20227265636f7264223a207b226964223a20372c20226e616d65223a2022426164206d697373696e675f7265666572656e6365222c2022656d61696c223a20226d697373696e675f7265666572656e6365406578616d706c652e6f7267222c2022636f6d70616e79223a20226c617465227d7d', 'd6ddcc71b65ef323608166c69ff63d79', 1795956003.4702744, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (27, '7', 17, 'rejected', 'refused', 'Invalid input: Validation errors: Assignee Id: not found: 999999999', 422, '{"crm_id":null,"payload":{"name":"Bad refused","assignee_id":999999999,"emails":[{"email":"refused@example.org","category":"work"}]},"answer":"{\"success\":false,\"status\":422,\"message\":\"Invalid input: Validation errors: Assignee Id: not found: 999999999\"}"}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f72656675736564222c20227265636f7264223a207b226964223a20372c20226e616d65223a20224261642072656675736564222c2022656d61696c223a202272656675736564406578616d706c652e6f7267222c202261737369676e65655f6964223a203939393939393939397d7d', 'a6ec49862c04d6d3dbda24cde2970597', 1795956003.4817595, '36504eb21a6f4f59b367b3ae7bd59a0a');
INSERT INTO public.held VALUES (28, '7', 24, 'rejected', 'forbidden', 'The CRM forbids this to the key''s user on POST /people (HTTP 403): 403 Error.', 403, '{"crm_id":null,"payload":{"name":"Bad forbidden","emails":[{"email":"forbidden@example.org","category":"work"}]},"answer":"<html>\n<head><title>403 Error</title></head>\n<body>\n<center><h1>403 Error</h1></center>\n</body>\n</html>\n"}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f666f7262696464656e222c20227265636f7264223a207b226964223a20372c20226e616d65223a202242616420666f7262696464656e222c2022656d61696c223a2022666f7262696464656e406578616d706c652e6f7267227d7d', '29602a1133bc48d48dba5815e24bddbf', 1795956007.2754278, '178f76ea001c49e3985bd78da07dd316');
INSERT INTO public.held VALUES (29, '7#d4d77ec59e59b4179e491a361eca30b8', 26, 'rejected', 'in_doubt', 'It was sent, no answer came, and the CRM cannot tell whether it arrived. Look for it there; the next run asks again before it sends anything.', NULL, NULL, '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226261645f696e5f646f756274222c20227265636f7264223a207b226964223a20372c20226e616d65223a202242616420696e5f646f756274222c2022656d61696c223a2022696e5f646f756274406578616d706c652e6f7267227d7d', '89360f3a08dcfb606bd501d14fbf1724', 1795956009.6672673, 'd0663024f3dc435bb720a2aae5f4ea9b');
INSERT INTO public.held VALUES (30, '6', 31, 'deleting', 'delete', '', NULL, '{"object":"people","crm_id":27140370,"scope_id":2}', '\x7b2274797065223a20225245434f5244222c202273747265616d223a20226465706172746564222c20227265636f7264223a207b226964223a20367d7d', 'caf80e1a5d4eb284501a74c20ad538fd', 1795956012.885774, '76cd199b506b450ab54e7b2c82846cf8');
INSERT INTO public.history VALUES (1, 1, '1', '71a3440db47742c7abf0289c0d1b1629', 1795955997.081207, 'created', '27140359', '["name","email_domain"]', '["2d51e968b4d454e6","c4b6f83451ca9204"]', NULL, '00000000000000000000000000000008', '', '[["name",null,"Company 1"],["email_domain",null,"one.example"]]');
INSERT INTO public.history VALUES (2, 1, '2', '71a3440db47742c7abf0289c0d1b1629', 1795955997.081207, 'created', '27140360', '["name","email_domain"]', '["358049e7122ce756","7b56d5a5e2c42a1e"]', NULL, '00000000000000000000000000000008', '', '[["name",null,"Béta GmbH & Söhne"],["email_domain",null,"two.example"]]');
INSERT INTO public.history VALUES (3, 1, '企业-3', '71a3440db47742c7abf0289c0d1b1629', 1795955997.081207, 'created', '27140361', '["name"]', '["c92ec014e399574e"]', NULL, '00000000000000000000000000000008', '', '[["name",null,"第三"]]');
INSERT INTO public.history VALUES (4, 1, 'customer/012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789', '71a3440db47742c7abf0289c0d1b1629', 1795955997.081207, 'created', '27140362', '["name"]', '["1097cdd7f46584f9"]', NULL, '00000000000000000000000000000008', '', '[["name",null,"Long"]]');
INSERT INTO public.history VALUES (5, 2, 'late-1', '71a3440db47742c7abf0289c0d1b1629', 1795955997.0943844, 'waiting', NULL, '[]', '[]', NULL, NULL, 'missing_reference: company_id: the record of stream companies is not in the CRM yet', NULL);
INSERT INTO public.history VALUES (6, 2, 'sam', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1535327, 'matched', '27140361', '[]', '["03f4f6c2be8c3127","b6face94e974cbe4"]', NULL, NULL, 'matched by emails', '[]');
INSERT INTO public.history VALUES (7, 2, '1', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1623313, 'created', '27140365', '["name","emails","company_id"]', '["20073061bdbbf451","230859f8b57cbf3a","e20bdd66d1e4f5da"]', NULL, '0000000000000000000000000000000b', '', '[["name",null,"Person 1"],["emails",null,[{"email":"p1@example.org","category":"work"}]],["company_id",null,27140359]]');
INSERT INTO public.history VALUES (8, 2, '2', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1623313, 'created', '27140366', '["name","emails","company_id"]', '["a6722ab1fc30aa02","b8f5bd938ba044d0","e20bdd66d1e4f5da"]', NULL, '0000000000000000000000000000000b', '', '[["name",null,"Person 2"],["emails",null,[{"email":"p2@example.org","category":"work"}]],["company_id",null,27140359]]');
INSERT INTO public.history VALUES (9, 2, '3', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1623313, 'created', '27140367', '["name","emails"]', '["3f6f1a224a5970ef","873016ec86551395"]', NULL, '0000000000000000000000000000000b', '', '[["name",null,"Person 3"],["emails",null,[{"email":"p3@example.org","category":"work"}]]]');
INSERT INTO public.history VALUES (10, 2, '4', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1623313, 'created', '27140368', '["name","emails"]', '["95f428c6e95f92f1","f32e67523b6b2650"]', NULL, '0000000000000000000000000000000b', '', '[["name",null,"Person 4"],["emails",null,[{"email":"p4@example.org","category":"work"}]]]');
INSERT INTO public.history VALUES (11, 2, '5', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1623313, 'created', '27140369', '["name","emails"]', '["4bda836476a00620","c7ff7ac845a60441"]', NULL, '0000000000000000000000000000000b', '', '[["name",null,"Person 5"],["emails",null,[{"email":"p5@example.org","category":"work"}]]]');
INSERT INTO public.history VALUES (12, 2, '6', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1623313, 'created', '27140370', '["name","emails"]', '["a420ac8be148adb4","fe8978729082aeca"]', NULL, '0000000000000000000000000000000b', '', '[["name",null,"Person 6"],["emails",null,[{"email":"p6@example.org","category":"work"}]]]');
INSERT INTO public.history VALUES (13, 2, 'leaver', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1623313, 'created', '27140371', '["name","emails"]', '["670477e28b611a2a","ff04ad3441ff848d"]', NULL, '0000000000000000000000000000000b', '', '[["name",null,"Person leaver"],["emails",null,[{"email":"pleaver@example.org","category":"work"}]]]');
INSERT INTO public.history VALUES (14, 2, 'mary', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1697488, 'updated', '27140360', '["title"]', '["75c7046f004cf214","a3f25775b94cf1e4"]', NULL, '0000000000000000000000000000000a', 'matched by emails', '[["title",null,"Director"]]');
INSERT INTO public.history VALUES (15, 3, 's1', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1765823, 'waiting', NULL, '[]', '[]', NULL, NULL, 'missing_reference: company_id: companies with that email_domain is not in the CRM yet', NULL);
INSERT INTO public.history VALUES (16, 3, 's2', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1853344, 'created', '27140372', '["name","emails","company_id"]', '["a5ea85a54c8c3969","d7c4569583c4bcd8","f11d1f679c3cb1df"]', NULL, '0000000000000000000000000000000e', '', '[["name",null,"Person s2"],["emails",null,[{"email":"ps2@example.org","category":"work"}]],["company_id",null,27140360]]');
INSERT INTO public.history VALUES (17, 4, 'with one', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1992192, 'created', '27140359', '["name","monetary_value","company_id","primary_contact_id"]', '["266badee7f35c550","926a39a56b1d7970","e20bdd66d1e4f5da"]', NULL, '00000000000000000000000000000012', '', '[["name",null,"deals with one"],["monetary_value",null,12.5],["company_id",null,27140359],["primary_contact_id",null,27140365]]');
INSERT INTO public.history VALUES (18, 4, 'with nobody', '71a3440db47742c7abf0289c0d1b1629', 1795955997.1992192, 'created', '27140360', '["name"]', '["8b77ba2b95cb56b0"]', NULL, '00000000000000000000000000000012', '', '[["name",null,"deals with nobody"]]');
INSERT INTO public.history VALUES (19, 5, '8', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2117593, 'created', '27140361', '["name"]', '["cc6c28fdd746255b"]', NULL, '00000000000000000000000000000015', '', '[["name",null,"more_deals 8"]]');
INSERT INTO public.history VALUES (20, 5, '9', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2117593, 'created', '27140362', '["name"]', '["a494150e4659e951"]', NULL, '00000000000000000000000000000015', '', '[["name",null,"more_deals 9"]]');
INSERT INTO public.history VALUES (21, 6, '["north","1"]', '71a3440db47742c7abf0289c0d1b1629', 1795955997.219842, 'created', '27140359', '["name","due_date"]', '[]', NULL, '00000000000000000000000000000016', '', '[["name",null,"Task north 1"],["due_date",null,"2026-03-01T10:00:00+00:00"]]');
INSERT INTO public.history VALUES (22, 6, '["so\"uth","2"]', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2224834, 'created', '27140360', '["name","due_date"]', '[]', NULL, '00000000000000000000000000000017', '', '[["name",null,"Task so\"uth 2"],["due_date",null,"2026-03-01T10:00:00+00:00"]]');
INSERT INTO public.history VALUES (23, 7, '1#090bd528baaf2ff0cd18c41f7b891124', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2285178, 'created', '3064242278', '["parent","type","details"]', '["9587bc8b6f4bcd37"]', NULL, '00000000000000000000000000000019', '', '[["parent",null,{"id":27140359,"type":"person"}],["type",null,0],["details",null,"Called"]]');
INSERT INTO public.history VALUES (24, 8, '1', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2421129, 'created', '27140359', '["name"]', '["f7e147b80b99df5b"]', NULL, '0000000000000000000000000000001d', '', '[["name",null,"Project 1"]]');
INSERT INTO public.history VALUES (25, 8, '2', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2482104, 'created', '27140360', '["name"]', '["857d5f905fb8a68a"]', NULL, '0000000000000000000000000000001e', '', '[["name",null,"Project 2"]]');
INSERT INTO public.history VALUES (26, 8, '3', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2482104, 'created', '27140361', '["name"]', '["ecf68704c429e7d5"]', NULL, '0000000000000000000000000000001f', '', '[["name",null,"Project 3"]]');
INSERT INTO public.history VALUES (27, 9, '1', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2607741, 'created', '27140359', '["name","email"]', '["197c45b0f86b4bb1","c85f6f5f9eb0cd5f"]', NULL, '00000000000000000000000000000024', '', '[["name",null,"leads 1"],["email",null,{"email":"leads1@x.org","category":"work"}]]');
INSERT INTO public.history VALUES (28, 9, '2', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2607741, 'created', '27140360', '["name","email"]', '["2e2f424e49249cd4","dd7dec0a3b07d52b"]', NULL, '00000000000000000000000000000024', '', '[["name",null,"leads 2"],["email",null,{"email":"leads2@x.org","category":"work"}]]');
INSERT INTO public.history VALUES (29, 9, '3', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2607741, 'created', '27140361', '["name","email"]', '["65e114cafd6fd143","aa44a6eecbf03aee"]', NULL, '00000000000000000000000000000024', '', '[["name",null,"leads 3"],["email",null,{"email":"leads3@x.org","category":"work"}]]');
INSERT INTO public.history VALUES (30, 9, '4', '71a3440db47742c7abf0289c0d1b1629', 1795955997.2607741, 'created', '27140362', '["name","email"]', '["2e2ea5381fd4d874","d0f9219f72ab7b15"]', NULL, '00000000000000000000000000000024', '', '[["name",null,"leads 4"],["email",null,{"email":"leads4@x.org","category":"work"}]]');
INSERT INTO public.history VALUES (31, 10, '1', '71a3440db47742c7abf0289c0d1b1629', 1795955997.274015, 'created', '27140363', '["name","email"]', '["960b27759c62f88f","ac0c3456d6c1c326"]', NULL, '00000000000000000000000000000027', '', '[["name",null,"old_leads 1"],["email",null,{"email":"old_leads1@x.org","category":"work"}]]');
INSERT INTO public.history VALUES (32, 10, '2', '71a3440db47742c7abf0289c0d1b1629', 1795955997.274015, 'created', '27140364', '["name","email"]', '["c227f92a3fd2f58b","f85b041e6e619306"]', NULL, '00000000000000000000000000000027', '', '[["name",null,"old_leads 2"],["email",null,{"email":"old_leads2@x.org","category":"work"}]]');
INSERT INTO public.history VALUES (33, 1, 'c8', '53e8c244d1204cd1be7dfa6db493a2a6', 1795955998.244354, 'created', '27140363', '["name"]', '["bb337b3c655c461f"]', NULL, '0000000000000000000000000000002f', '', NULL);
INSERT INTO public.history VALUES (34, 2, '1', '53e8c244d1204cd1be7dfa6db493a2a6', 1795955998.257775, 'updated', '27140365', '["title"]', '["20073061bdbbf451","230859f8b57cbf3a","e20bdd66d1e4f5da"]', NULL, '00000000000000000000000000000031', '', NULL);
INSERT INTO public.history VALUES (35, 2, 'mary', '53e8c244d1204cd1be7dfa6db493a2a6', 1795955998.3218853, 'left', '27140360', '[]', '[]', NULL, NULL, 'deleted at the source, only matched, not created', NULL);
INSERT INTO public.history VALUES (36, 5, '8', '53e8c244d1204cd1be7dfa6db493a2a6', 1795955998.334813, 'linked', '27140361', '["company_id"]', '["086de7ec5168e1b7","cc6c28fdd746255b"]', NULL, '00000000000000000000000000000033', 'company_id', NULL);
INSERT INTO public.history VALUES (37, 2, 'leaver', '53e8c244d1204cd1be7dfa6db493a2a6', 1795955998.3833349, 'deleting', '27140371', '[]', '[]', '{"id":27140371,"name":"Person leaver","prefix":null,"first_name":"Person","middle_name":null,"last_name":"leaver","suffix":null,"address":null,"assignee_id":null,"company_id":null,"company_name":null,"contact_type_id":451494,"details":null,"emails":[{"email":"pleaver@example.org","category":"work"}],"phone_numbers":[],"socials":[],"tags":[],"title":null,"websites":[],"date_created":1795955997,"date_modified":1795955997,"date_last_contacted":null,"interaction_count":0,"leads_converted_from":[],"date_lead_created":null,"custom_fields":[{"custom_field_definition_id":100772,"value":null},{"custom_field_definition_id":100770,"value":null},{"custom_field_definition_id":100769,"value":false},{"custom_field_definition_id":100767,"value":[]},{"custom_field_definition_id":100766,"value":null},{"custom_field_definition_id":100764,"value":null},{"custom_field_definition_id":100775,"value":null}]}', NULL, 'deleted at the source', NULL);
INSERT INTO public.history VALUES (38, 2, 'leaver', '53e8c244d1204cd1be7dfa6db493a2a6', 1795955998.390144, 'deleted', '27140371', '[]', '[]', NULL, NULL, 'deleted at the source', NULL);
INSERT INTO public.history VALUES (39, 8, '2', '53e8c244d1204cd1be7dfa6db493a2a6', 1795955998.3991363, 'deleting', '27140360', '[]', '[]', '{"id":27140360,"name":"Project 2","related_resource":null,"assignee_id":null,"status":"Open","details":null,"tags":[],"date_created":1795955997,"date_modified":1795955997,"custom_fields":[{"custom_field_definition_id":100765,"value":null},{"custom_field_definition_id":100773,"value":null}]}', NULL, 'absent from the source', NULL);
INSERT INTO public.history VALUES (40, 8, '3', '53e8c244d1204cd1be7dfa6db493a2a6', 1795955998.3994951, 'deleting', '27140361', '[]', '[]', '{"id":27140361,"name":"Project 3","related_resource":null,"assignee_id":null,"status":"Open","details":null,"tags":[],"date_created":1795955997,"date_modified":1795955997,"custom_fields":[{"custom_field_definition_id":100765,"value":null},{"custom_field_definition_id":100773,"value":null}]}', NULL, 'absent from the source', NULL);
INSERT INTO public.history VALUES (41, 8, '2', '53e8c244d1204cd1be7dfa6db493a2a6', 1795955998.4117575, 'deleted', '27140360', '[]', '[]', NULL, NULL, 'absent from the source', NULL);
INSERT INTO public.history VALUES (42, 8, '3', '53e8c244d1204cd1be7dfa6db493a2a6', 1795955998.4145372, 'deleted', '27140361', '[]', '[]', NULL, NULL, 'absent from the source', NULL);
INSERT INTO public.history VALUES (43, 2, '3', '844a2f6f4c204e159188d50fe841872c', 1795955999.3880453, 'updated', '27140367', '["title"]', '["3f6f1a224a5970ef","873016ec86551395"]', NULL, '00000000000000000000000000000040', '', '[["title",null,"Engineer"]]');
INSERT INTO public.history VALUES (44, 12, 'late-2', '040d37658ada47e8ba731c8d8b362a58', 1795956000.4266007, 'waiting', NULL, '[]', '[]', NULL, NULL, 'missing_reference: company_id: the record of stream companies is not in the CRM yet', NULL);
INSERT INTO public.history VALUES (45, 12, '2', '040d37658ada47e8ba731c8d8b362a58', 1795956000.4512308, 'matched', '27140366', '[]', '["a6722ab1fc30aa02","b8f5bd938ba044d0","e20bdd66d1e4f5da"]', NULL, NULL, 'matched by emails', NULL);
INSERT INTO public.history VALUES (46, 12, 'only-here', '040d37658ada47e8ba731c8d8b362a58', 1795956000.4715788, 'created', '27140373', '["name","emails"]', '["37eafb33ce6b7bd0","73fe1eb8d4229137"]', NULL, '00000000000000000000000000000046', '', NULL);
INSERT INTO public.history VALUES (47, 13, '7', 'b0a776521dc34a2eb8f8eb0c50106d6a', 1795956002.2538137, 'created', '27140374', '["name","emails"]', '["1ceba7c7f96c826a","8b1cb23e57cc529e"]', NULL, '0000000000000000000000000000004e', '', NULL);
INSERT INTO public.history VALUES (48, 14, '7', 'b0a776521dc34a2eb8f8eb0c50106d6a', 1795956002.2675533, 'created', '27140375', '["name","emails"]', '["71dbede133091fb1","78d21a5053788cec"]', NULL, '00000000000000000000000000000050', '', NULL);
INSERT INTO public.history VALUES (49, 15, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.424481, 'rejected', NULL, '[]', '[]', NULL, NULL, 'schema: name: the value is not of types "null", "string"', NULL);
INSERT INTO public.history VALUES (50, 16, '#9d0b7c1d170866273de13fa2ba08658e', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.4285343, 'rejected', NULL, '[]', '[]', NULL, NULL, 'stream_map: The stream map failed: MapExpressionError: Failed to evaluate simpleeval expressions name.upper().', NULL);
INSERT INTO public.history VALUES (51, 17, '#bfdace5a461152baf5b3f581b5fc61f2', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.431423, 'rejected', NULL, '[]', '[]', NULL, NULL, 'not_json: It holds what JSON cannot carry: Encoding objects of type NotJson is unsupported', NULL);
INSERT INTO public.history VALUES (52, 18, '#8c91ffca70cf71974a681e874f160359', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.4342277, 'rejected', NULL, '[]', '[]', NULL, NULL, 'no_source_id: id is null: without its source id a record cannot be told from others', NULL);
INSERT INTO public.history VALUES (53, 19, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.437807, 'rejected', NULL, '[]', '[]', NULL, NULL, 'unknown_attribute: mystery is not sent: people have no such attribute. Rename it with a stream map, or list it under exclude', NULL);
INSERT INTO public.history VALUES (54, 20, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.4432712, 'rejected', NULL, '[]', '[]', NULL, NULL, 'unknown_name: assignee_id names nothing in the CRM''s users, which are: Ada Lovelace, Grace Hopper, Søren Kierkegaard, José Álvarez, Mary Jackson, Sam Twin, Sam Twin. Correct it, or set unknown_names', NULL);
INSERT INTO public.history VALUES (55, 21, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.446833, 'rejected', NULL, '[]', '[]', NULL, NULL, 'ambiguous_name: assignee_id names several of the CRM''s users: 137663, 137664. Give the id', NULL);
INSERT INTO public.history VALUES (56, 22, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.4502246, 'rejected', NULL, '[]', '[]', NULL, NULL, 'invalid_value: title wants text', NULL);
INSERT INTO public.history VALUES (57, 23, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.4562151, 'rejected', NULL, '[]', '[]', NULL, NULL, 'missing_required: name is missing, without which people cannot be created. Give it with a stream map', NULL);
INSERT INTO public.history VALUES (58, 24, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.4597108, 'rejected', NULL, '[]', '[]', NULL, NULL, 'no_match_key: It has no value for any match key of the stream. Give it one, or set no_match_key to create.', NULL);
INSERT INTO public.history VALUES (59, 25, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.4656913, 'rejected', NULL, '[]', '[]', NULL, NULL, 'ambiguous: 2 records of the CRM match by title: 27140363, 27140364. Nothing was written. Merge them in the CRM, or choose another match_on.', NULL);
INSERT INTO public.history VALUES (60, 26, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.4702744, 'rejected', NULL, '[]', '[]', NULL, NULL, 'missing_reference: company_id: the record of stream companies is not in the CRM yet', NULL);
INSERT INTO public.history VALUES (61, 27, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.4817595, 'rejected', NULL, '[]', '[]', NULL, NULL, 'refused: Invalid input: Validation errors: Assignee Id: not found: 999999999', NULL);
INSERT INTO public.history VALUES (62, 13, '7', '36504eb21a6f4f59b367b3ae7bd59a0a', 1795956003.486422, 'rejected', NULL, '[]', '[]', NULL, NULL, 'gone: The CRM no longer has record 27140374. Restore it there, or set when_gone to match_again.', NULL);
INSERT INTO public.history VALUES (63, 14, '7', 'a47dbc2d54aa4cc9bfeda2ece93c660d', 1795956004.9467163, 'rejected', NULL, '[]', '[]', NULL, NULL, 'brake: 1 records would be deleted, more than max_deletes (0). Nothing was deleted. If that is right, raise max_deletes for one run.', NULL);
INSERT INTO public.history VALUES (64, 28, '7', '178f76ea001c49e3985bd78da07dd316', 1795956007.2754278, 'rejected', NULL, '[]', '[]', NULL, NULL, 'forbidden: The CRM forbids this to the key''s user on POST /people (HTTP 403): 403 Error.', NULL);
INSERT INTO public.history VALUES (65, 29, '7#d4d77ec59e59b4179e491a361eca30b8', 'd0663024f3dc435bb720a2aae5f4ea9b', 1795956009.6672673, 'rejected', NULL, '[]', '[]', NULL, NULL, 'in_doubt: It was sent, no answer came, and the CRM cannot tell whether it arrived. Look for it there; the next run asks again before it sends anything.', NULL);
INSERT INTO public.history VALUES (66, 8, '1', '6e846f3a5d724aaaa3b084ce375b40a6', 1795956045.7499804, 'updated', '27140359', '["name","details"]', '["f7e147b80b99df5b"]', NULL, '00000000000000000000000000000087', '', NULL);
INSERT INTO public.history VALUES (67, 8, '4', '6e846f3a5d724aaaa3b084ce375b40a6', 1795956046.0603685, 'created', '27140362', '["name"]', '["d111b0384f424eed"]', NULL, '00000000000000000000000000000089', '', NULL);
INSERT INTO public.history VALUES (68, 9, '1', '548a09fa999649908926756343cf7c30', 1795956083.7719653, 'deleting', '27140359', '[]', '[]', '{"id":27140359,"name":"leads 1","prefix":null,"first_name":"leads","middle_name":null,"last_name":"1","suffix":null,"address":null,"assignee_id":null,"company_name":null,"customer_source_id":null,"details":null,"email":{"email":"leads1@x.org","category":"work"},"monetary_unit":null,"monetary_value":null,"socials":[],"status":"New","status_id":208231,"tags":[],"title":null,"websites":[],"phone_numbers":[],"interaction_count":0,"converted_unit":null,"converted_value":null,"date_created":1795955997,"date_modified":1795955997,"date_last_contacted":null,"converted_contact_id":null,"converted_opportunity_id":null,"converted_at":null,"custom_fields":[{"custom_field_definition_id":100764,"value":null},{"custom_field_definition_id":100771,"value":null},{"custom_field_definition_id":100770,"value":null},{"custom_field_definition_id":100769,"value":false},{"custom_field_definition_id":100767,"value":[]},{"custom_field_definition_id":100766,"value":null}]}', NULL, 'deleted at the source', NULL);
INSERT INTO public.history VALUES (69, 9, '2', '548a09fa999649908926756343cf7c30', 1795956083.7766628, 'deleting', '27140360', '[]', '[]', '{"id":27140360,"name":"leads 2","prefix":null,"first_name":"leads","middle_name":null,"last_name":"2","suffix":null,"address":null,"assignee_id":null,"company_name":null,"customer_source_id":null,"details":null,"email":{"email":"leads2@x.org","category":"work"},"monetary_unit":null,"monetary_value":null,"socials":[],"status":"New","status_id":208231,"tags":[],"title":null,"websites":[],"phone_numbers":[],"interaction_count":0,"converted_unit":null,"converted_value":null,"date_created":1795955997,"date_modified":1795955997,"date_last_contacted":null,"converted_contact_id":null,"converted_opportunity_id":null,"converted_at":null,"custom_fields":[{"custom_field_definition_id":100767,"value":[]},{"custom_field_definition_id":100769,"value":false},{"custom_field_definition_id":100770,"value":null},{"custom_field_definition_id":100771,"value":null},{"custom_field_definition_id":100764,"value":null},{"custom_field_definition_id":100766,"value":null}]}', NULL, 'deleted at the source', NULL);
INSERT INTO public.history VALUES (70, 1, 'c9', '5ce2b61e9c654bf7bfac64df731251b4', 1795956084.9422445, 'created', '27140364', '["name"]', '["ed71d433e9c7ea97"]', NULL, '000000000000000000000000000000b0', '', NULL);
INSERT INTO public.intents VALUES (1, '1', 'update', '27140359', '{"name":"Company 1","details":"Changed","email_domain":"one.example"}', '{"email_domain":["one.example"],"name":["company 1"]}', '\x00ec0cd5b0e18ddd7a46bde27fd8a07d', '49199d39727a9a1e447691fd4f3a1e65', 1795956082.540956, 1795956082, 'c1b733bc8bc64fc7aa10731106faef1e', '[]');
INSERT INTO public.intents VALUES (2, '2', 'update', '27140366', '{"title":"Changed"}', '{"emails":["p2@example.org"]}', '\x2b493913db44ad723662705b361ff65d', '7b5d7f05e4123d68e189f44d6ac52881', 1795956077.7292562, 1795956077, '2eb1665bd4194dbd93822935f0322711', '[]');
INSERT INTO public.intents VALUES (2, '10', 'create', NULL, '{"name":"Person 10","emails":[{"email":"p10@example.org","category":"work"}]}', '{"emails":["p10@example.org"]}', '\xf5c47bd79f58653a32abc150810c3745', '8e1ce2f4ef5c79eb2ba5afec9241e805', 1795956077.7307303, 1795956077, '2eb1665bd4194dbd93822935f0322711', '[]');
INSERT INTO public.intents VALUES (2, '11', 'create', NULL, '{"name":"Person 11","emails":[{"email":"p11@example.org","category":"work"}]}', '{"emails":["p11@example.org"]}', '\xc17357fde91756ad4f87ded691158a6a', '806d50020fca77dbedd3eba6f146ecfb', 1795956077.7307303, 1795956077, '2eb1665bd4194dbd93822935f0322711', '[]');
INSERT INTO public.intents VALUES (4, 'in flight', 'create', NULL, '{"name":"deals in flight"}', '{"name":["deals in flight"]}', '\xe83edc3be9255b775901f6cf61befeaf', 'a545f08a10a8e4ae185a29ae4561c779', 1795956080.399907, 1795956080, '8f4fc7fd53584c18a7eb92279b1f5d7b', '[["company_id","companies","late"]]');
INSERT INTO public.intents VALUES (5, '9', 'update', '27140362', '{"company_id":27140364}', '{}', '\x3d046223196b3b61d5c5ebd6fd42fb23', '849755ed2263f004bd57e92355116cdf', 1795956085.0329936, 1795956084, '5ce2b61e9c654bf7bfac64df731251b4', '[]');
INSERT INTO public.intents VALUES (6, '["north","3"]', 'create', NULL, '{"name":"Task north 3","due_date":1772359200}', '{}', '\xfce05aad45932502deb115dc85529e22', '7b390c0c02882cadbd61bf47509b470c', 1795956078.8070257, 1795956078, 'ab6c1cc685944276aa236cf69ad35fcc', '[]');
INSERT INTO public.intents VALUES (29, '7#d4d77ec59e59b4179e491a361eca30b8', 'create', NULL, '{"name":"Bad in_doubt","emails":[{"email":"in_doubt@example.org","category":"work"}]}', '{"emails":["in_doubt@example.org"]}', '\xd4d77ec59e59b4179e491a361eca30b8', 'dec216ace73cf6a03388f4847e4391b7', 1795956009.6586118, 1795956009, 'd0663024f3dc435bb720a2aae5f4ea9b', '[]');
INSERT INTO public.ledger_version VALUES (2);
INSERT INTO public.links VALUES (4, 'with nobody', 'company_id', 'companies', 'late', '', 1795955997.1992192);
INSERT INTO public.links VALUES (4, 'with nobody', 'primary_contact_id', '', '["people", [["emails", ["nobody@example.org"]]]]', '', 1795955997.1992192);
INSERT INTO public.links VALUES (5, '9', 'company_id', 'companies', 'c9', '', 1795955997.2117593);
INSERT INTO public.objects VALUES (1, 'copper', '193851', 'companies');
INSERT INTO public.objects VALUES (2, 'copper', '193851', 'people');
INSERT INTO public.objects VALUES (3, 'copper', '193851', 'opportunities');
INSERT INTO public.objects VALUES (4, 'copper', '193851', 'tasks');
INSERT INTO public.objects VALUES (5, 'copper', '193851', 'activities');
INSERT INTO public.objects VALUES (6, 'copper', '193851', 'projects');
INSERT INTO public.objects VALUES (7, 'copper', '193851', 'leads');
INSERT INTO public.records VALUES (1, '1', '27140359', 'created', '\x17df7b7124c6a983eaf5556f74dc2038', '072101026c555bf57160161f0ca90f22', 1795955997.081207, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (1, '2', '27140360', 'created', '\xc415ee25c3eaa1b2734908cba056e745', '5a23036e59af6df1bcd167b5a284bd67', 1795955997.081207, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (1, 'c8', '27140363', 'created', '\xcf8265f198df6e262cfe365d4bd5c9e8', 'ccf4f2660fdfea4a92cd4b5e9a5fe0c6', 1795955998.244354, '53e8c244d1204cd1be7dfa6db493a2a6');
INSERT INTO public.records VALUES (1, 'c9', '27140364', 'created', '\xa2a58a6d03a5786c6b96d3678d63b1da', '2de946a8af81ce1778158499971a2441', 1795956084.9422445, '5ce2b61e9c654bf7bfac64df731251b4');
INSERT INTO public.records VALUES (1, 'customer/012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789', '27140362', 'created', '\x34bda8ba00770f758dab38ed79b3e45b', 'c35b037e1f294fcc3aaedc03c0bf5641', 1795955997.081207, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (1, '企业-3', '27140361', 'created', '\xc6d61f50606a55bf67f7d8f128bbe1d7', 'bb025d6b789466563a13f3ea91851f8b', 1795955997.081207, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (2, '1', '27140365', 'created', '\x87a24597eef1dc2ff0c14c8352459870', '3a2448b5526bfcbd223c0698e40f00e6', 1795955998.257775, '53e8c244d1204cd1be7dfa6db493a2a6');
INSERT INTO public.records VALUES (2, '2', '27140366', 'created', '\x8b3f162c47e5f85642fddf9d45e4ee42', '277171d3a826f1aedc71d5e027c20c80', 1795955997.1623313, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (2, '3', '27140367', 'created', '\x14814d3b94149de239b5ec76a8aa2120', '43efa6d562b80632d7f0c9f638872dcb', 1795955999.3880453, '844a2f6f4c204e159188d50fe841872c');
INSERT INTO public.records VALUES (2, '4', '27140368', 'created', '\x6d8a5d8b3d60b610f97d638d2b692c0c', 'e49dcda4315a0c9b03077ff5fb52faf0', 1795955997.1623313, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (2, '5', '27140369', 'created', '\x5d85a6491819cc61b4e1ea6a929ab5c1', '63037e584c76e0b331246b5b2362cbf8', 1795955997.1623313, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (2, '6', '27140370', 'created', '\x451c1888cdb5642d427e737db831772a', '5f0a3c320e9067d5d4abb9438eaa7c23', 1795955997.1623313, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (2, 'ida', '27140362', 'imported', NULL, NULL, 1795956001.3968117, 'operator');
INSERT INTO public.records VALUES (2, 'leaver', NULL, 'created', NULL, NULL, 1795955998.3884006, '53e8c244d1204cd1be7dfa6db493a2a6');
INSERT INTO public.records VALUES (2, 'mary', '27140360', 'left', NULL, NULL, 1795955997.1697488, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (2, 'sam', '27140361', 'matched', '\x0ffa64f3af4a79917fac831e7beab05a', '70d76e612b944fccf197fe3044d4d343', 1795955997.1535327, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (3, 's2', '27140372', 'created', '\x6ac6d656fb059de86422751d7585cdfb', '7b060538848000f26f1c20731944b1d1', 1795955997.1853344, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (4, 'with nobody', '27140360', 'created', '\x0db4cebbd4f7c97c3fbb209f6c2cf355', '2c13346e28a81fc8aeedebc96dcde263', 1795955997.1992192, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (4, 'with one', '27140359', 'created', '\xaaa1787311a60b53aca95196dc0fdec0', 'af0e45e83202ff382f7a7074b02c03f9', 1795955997.1992192, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (5, '8', '27140361', 'created', '\x41788d434e8d80f9d54cd87547521a12', '8286f9b83cf07c429b46889408b5f671', 1795955998.334813, '53e8c244d1204cd1be7dfa6db493a2a6');
INSERT INTO public.records VALUES (5, '9', '27140362', 'created', '\x3d046223196b3b61d5c5ebd6fd42fb23', '849755ed2263f004bd57e92355116cdf', 1795955997.2117593, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (6, '["north","1"]', '27140359', 'created', '\x33e17e2f1b80ea56e1663df0c6d9aeee', '2e99259f28cda869aea9369fb0a92a88', 1795955997.219842, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (6, '["so\"uth","2"]', '27140360', 'created', '\x33952ae1396daba49338c35d35265c4e', 'c7be5c7e276d19f5a956ae23c3d02ed6', 1795955997.2224834, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (7, '1#090bd528baaf2ff0cd18c41f7b891124', '3064242278', 'created', '\x090bd528baaf2ff0cd18c41f7b891124', 'c5851e5341b95b6fd3cf7bd84ae28719', 1795955997.2285178, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (8, '1', '27140359', 'created', '\x329a6b8299f7628d44cc3acf9af3ecaa', 'f16d40b3a25631e3fc902fe6e77d9ec1', 1795956045.7499804, '6e846f3a5d724aaaa3b084ce375b40a6');
INSERT INTO public.records VALUES (8, '2', NULL, 'created', NULL, NULL, 1795955998.4106426, '53e8c244d1204cd1be7dfa6db493a2a6');
INSERT INTO public.records VALUES (8, '3', NULL, 'created', NULL, NULL, 1795955998.4135292, '53e8c244d1204cd1be7dfa6db493a2a6');
INSERT INTO public.records VALUES (8, '4', '27140362', 'created', '\x18e6d1e3f7ee155b91d6e34a5b98891e', 'bdf42f5842b8b111a9c6286e4830f299', 1795956046.0603685, '6e846f3a5d724aaaa3b084ce375b40a6');
INSERT INTO public.records VALUES (9, '1', '27140359', 'created', NULL, NULL, 1795955997.2607741, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (9, '2', '27140360', 'created', NULL, NULL, 1795955997.2607741, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (9, '3', '27140361', 'created', '\xb7e9f659f88e96e7386640ce2ab4ec14', '1698f12ae3ed562476334dc4a2431ce4', 1795955997.2607741, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (9, '4', '27140362', 'created', '\x588d05acc037774ca8a032845d855eb8', '1a72387b62a906c703b04a84a491fb99', 1795955997.2607741, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (10, '1', '27140363', 'created', '\xc7f5a17ed243f5b9fda94484b799d498', '4a5afd191ab070bbcdcb08137ebfb5fb', 1795955997.274015, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (10, '2', '27140364', 'created', '\xf56639cddb53518193baf71674607309', '291e75b6b3c0653ca924e18071fcb863', 1795955997.274015, '71a3440db47742c7abf0289c0d1b1629');
INSERT INTO public.records VALUES (12, '2', '27140366', 'matched', '\x257e48bfcedce3bda2133a60244c8727', '1b0570fd3b5cc6e606979efd76d71377', 1795956000.4512308, '040d37658ada47e8ba731c8d8b362a58');
INSERT INTO public.records VALUES (12, 'only-here', '27140373', 'created', '\xddfad7e16841a53cce56dea8196a9b9b', '1575c7f7e9078960c16a9de7b2ad18db', 1795956000.4715788, '040d37658ada47e8ba731c8d8b362a58');
INSERT INTO public.records VALUES (13, '7', '27140374', 'created', '\xab52c9ec5c6629993e7d093f39845a7e', 'bfc5f39a66599b5c57afe1d3a0b75c5a', 1795956002.2538137, 'b0a776521dc34a2eb8f8eb0c50106d6a');
INSERT INTO public.records VALUES (14, '7', '27140375', 'created', '\xe308ccc408be171ebf743a4263b5b546', '5485535d94c9a329aa9b3afa6aad5817', 1795956002.2675533, 'b0a776521dc34a2eb8f8eb0c50106d6a');
INSERT INTO public.schemas VALUES ('001de30d9cbd877d21f231d03e59fbba', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f6272616b65222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('4dd850a6952b7832b2b883520539bdcd', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f6d697373696e675f7265717569726564222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('6b0ea3591bd5fbbfb49265a078b508f0', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f6e6f745f6a736f6e222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('6bdc6a872efb1946b4c596d798560a7c', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f676f6e65222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('7d71ad036ab70738c7b839bda506df27', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f73747265616d5f6d6170222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('9b72afb0640d71d6558a5a1287f6b421', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f696e76616c69645f76616c7565222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('42e32661ed6a84b37d4c44ab46537bd3', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f6e6f5f736f757263655f6964222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('42eee04d466e8e78dcdf831cc2b68d91', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20227374616666222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226e616d65223a207b7d2c2022656d61696c223a207b7d2c2022656d706c6f796572223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('98f7c9fd44ee8a12a4db0efb2e8fe69a', '\x7b2274797065223a2022534348454d41222c202273747265616d223a202270656f706c65222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226e616d65223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c2022636f6d70616e79223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('550fd5032e6db2a2f828914c2b623b66', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f756e6b6e6f776e5f6e616d65222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('689d37c9c8440b6cad044bebf3a9d94a', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226f6c645f6c65616473222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226e616d65223a207b7d2c2022656d61696c223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('25590e3f3dc696942b340f7cdf50f56d', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f6e6f5f6d617463685f6b6579222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('29602a1133bc48d48dba5815e24bddbf', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f666f7262696464656e222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('89360f3a08dcfb606bd501d14fbf1724', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f696e5f646f756274222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('a1ca18b29948ebd90d8bd230f87093d0', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f756e6b6e6f776e5f617474726962757465222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('a6ec49862c04d6d3dbda24cde2970597', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f72656675736564222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('acc6eda983d68546ad183daa364fe0eb', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226c65616473222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c20226e616d65223a207b7d2c2022656d61696c223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('bb58ef0eaad48193297e043360fb859f', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f616d626967756f75735f6e616d65222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('caf80e1a5d4eb284501a74c20ad538fd', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226465706172746564222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('ce99f6238274f7a400f03dbc83878a24', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f616d626967756f7573222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('d6ddcc71b65ef323608166c69ff63d79', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f6d697373696e675f7265666572656e6365222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.schemas VALUES ('dabafcb4dc630d8657a1725cf49c0e33', '\x7b2274797065223a2022534348454d41222c202273747265616d223a20226261645f736368656d61222c2022736368656d61223a207b2274797065223a20226f626a656374222c202270726f70657274696573223a207b226964223a207b7d2c2022656d61696c223a207b7d2c20227469746c65223a207b7d2c202261737369676e6565223a207b7d2c202261737369676e65655f6964223a207b7d2c2022636f6d70616e79223a207b7d2c20226d797374657279223a207b7d2c20225f7364635f64656c657465645f6174223a207b7d2c20226e616d65223a207b2274797065223a205b22737472696e67222c20226e756c6c225d7d7d7d2c20226b65795f70726f70657274696573223a205b226964225d7d');
INSERT INTO public.scopes VALUES (1, 1, 'default', 'companies');
INSERT INTO public.scopes VALUES (2, 2, 'default', 'people');
INSERT INTO public.scopes VALUES (3, 2, 'default', 'staff');
INSERT INTO public.scopes VALUES (4, 3, 'default', 'deals');
INSERT INTO public.scopes VALUES (5, 3, 'default', 'more_deals');
INSERT INTO public.scopes VALUES (6, 4, 'default', 'tasks');
INSERT INTO public.scopes VALUES (7, 5, 'default', 'calls');
INSERT INTO public.scopes VALUES (8, 6, 'default', 'projects');
INSERT INTO public.scopes VALUES (9, 7, 'default', 'leads');
INSERT INTO public.scopes VALUES (10, 7, 'default', 'old_leads');
INSERT INTO public.scopes VALUES (11, 1, 'shop/2, Zürich', 'companies');
INSERT INTO public.scopes VALUES (12, 2, 'shop/2, Zürich', 'people');
INSERT INTO public.scopes VALUES (13, 2, 'default', 'bad_gone');
INSERT INTO public.scopes VALUES (14, 2, 'default', 'bad_brake');
INSERT INTO public.scopes VALUES (15, 2, 'default', 'bad_schema');
INSERT INTO public.scopes VALUES (16, 2, 'default', 'bad_stream_map');
INSERT INTO public.scopes VALUES (17, 2, 'default', 'bad_not_json');
INSERT INTO public.scopes VALUES (18, 2, 'default', 'bad_no_source_id');
INSERT INTO public.scopes VALUES (19, 2, 'default', 'bad_unknown_attribute');
INSERT INTO public.scopes VALUES (20, 2, 'default', 'bad_unknown_name');
INSERT INTO public.scopes VALUES (21, 2, 'default', 'bad_ambiguous_name');
INSERT INTO public.scopes VALUES (22, 2, 'default', 'bad_invalid_value');
INSERT INTO public.scopes VALUES (23, 2, 'default', 'bad_missing_required');
INSERT INTO public.scopes VALUES (24, 2, 'default', 'bad_no_match_key');
INSERT INTO public.scopes VALUES (25, 2, 'default', 'bad_ambiguous');
INSERT INTO public.scopes VALUES (26, 2, 'default', 'bad_missing_reference');
INSERT INTO public.scopes VALUES (27, 2, 'default', 'bad_refused');
INSERT INTO public.scopes VALUES (28, 2, 'default', 'bad_forbidden');
INSERT INTO public.scopes VALUES (29, 2, 'default', 'bad_in_doubt');
INSERT INTO public.scopes VALUES (30, 2, 'default', 'departed');
INSERT INTO public.seen VALUES (8, '2', '1');
INSERT INTO public.seen VALUES (8, '3', '1');
INSERT INTO public.seen VALUES (8, '3', '4');
INSERT INTO public.waits VALUES (2, 'late-1', 'companies', 'late');
INSERT INTO public.waits VALUES (3, 's1', '', 'companies');
INSERT INTO public.waits VALUES (12, 'late-2', 'companies', 'late');
ALTER SEQUENCE public.history_id_seq OWNED BY public.history.id;
ALTER SEQUENCE public.objects_id_seq OWNED BY public.objects.id;
ALTER SEQUENCE public.scopes_id_seq OWNED BY public.scopes.id;
ALTER TABLE ONLY public.history ALTER COLUMN id SET DEFAULT nextval('public.history_id_seq'::regclass);
ALTER TABLE ONLY public.objects ALTER COLUMN id SET DEFAULT nextval('public.objects_id_seq'::regclass);
ALTER TABLE ONLY public.scopes ALTER COLUMN id SET DEFAULT nextval('public.scopes_id_seq'::regclass);
SELECT pg_catalog.setval('public.history_id_seq', 70, true);
SELECT pg_catalog.setval('public.objects_id_seq', 7, true);
SELECT pg_catalog.setval('public.scopes_id_seq', 30, true);
ALTER TABLE ONLY public.fresh_keys
    ADD CONSTRAINT fresh_keys_pkey PRIMARY KEY (object_id, attribute, value, crm_id);
ALTER TABLE ONLY public.held
    ADD CONSTRAINT held_pkey PRIMARY KEY (scope_id, source_id);
ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.intents
    ADD CONSTRAINT intents_pkey PRIMARY KEY (scope_id, source_id);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (scope_id, source_id, attribute);
ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_crm_account_object_key UNIQUE (crm, account, object);
ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.records
    ADD CONSTRAINT records_pkey PRIMARY KEY (scope_id, source_id);
ALTER TABLE ONLY public.schemas
    ADD CONSTRAINT schemas_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_source_name_stream_object_id_key UNIQUE (source_name, stream, object_id);
ALTER TABLE ONLY public.seen
    ADD CONSTRAINT seen_pkey PRIMARY KEY (scope_id, version, source_id);
ALTER TABLE ONLY public.waits
    ADD CONSTRAINT waits_pkey PRIMARY KEY (scope_id, source_id, stream, on_source_id);
CREATE INDEX held_by_number ON public.held USING btree (number);
CREATE INDEX history_by_record ON public.history USING btree (scope_id, source_id);
CREATE INDEX links_by_parent ON public.links USING btree (stream, on_source_id);
CREATE INDEX records_by_crm_id ON public.records USING btree (crm_id);
CREATE INDEX waits_by_parent ON public.waits USING btree (stream, on_source_id);
ALTER TABLE ONLY public.fresh_keys
    ADD CONSTRAINT fresh_keys_object_id_fkey FOREIGN KEY (object_id) REFERENCES public.objects(id);
ALTER TABLE ONLY public.held
    ADD CONSTRAINT held_schema_id_fkey FOREIGN KEY (schema_id) REFERENCES public.schemas(id);
ALTER TABLE ONLY public.held
    ADD CONSTRAINT held_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.intents
    ADD CONSTRAINT intents_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.records
    ADD CONSTRAINT records_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_object_id_fkey FOREIGN KEY (object_id) REFERENCES public.objects(id);
ALTER TABLE ONLY public.seen
    ADD CONSTRAINT seen_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
ALTER TABLE ONLY public.waits
    ADD CONSTRAINT waits_scope_id_fkey FOREIGN KEY (scope_id) REFERENCES public.scopes(id);
