module.exports = async ({ resolveVariable }) => { try { return await resolveVariable('self:custom.none'); } catch { return 'caught'; } };
