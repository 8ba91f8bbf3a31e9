import Workspace from '../workspace/Workspace.vue'
import { mount } from '../mount'

void mount(Workspace)
